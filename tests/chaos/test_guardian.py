from __future__ import annotations

import glob
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import psutil
import pytest

from chaos.fleet.guardian import Guardian, carriers, sweep
from chaos.fleet.ports import ensure_free
from chaos.fleet.process_fleet import password_files
from tests.chaos.conftest import KINDS, need

pytestmark = pytest.mark.service

DOOMED = Path(__file__).parent / "doomed_harness.py"


@pytest.fixture
def run_id() -> str:
    return uuid.uuid4().hex[:12]


def carrier(run_id: str, code: str = "import time; time.sleep(60)") -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "DIYA_RUN_ID": run_id},
        stdout=subprocess.PIPE,
        start_new_session=True,
    )


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


def passwords(folder: Path) -> set[bytes]:
    lines = (line for path in folder.rglob("*.conf") for line in path.read_bytes().splitlines())
    return {line.split()[1] for line in lines if line.startswith(b"requirepass ")}


def has_ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_harness_leaves_no_process_no_port_and_no_password(
    tmp_path: Path, run_id: str, kind: str
) -> None:
    need(kind)
    harness = subprocess.Popen(
        [sys.executable, str(DOOMED), str(tmp_path), run_id, kind], stdout=subprocess.PIPE
    )
    assert harness.stdout is not None
    ports = json.loads(harness.stdout.readline())
    guardian = next(
        child
        for child in psutil.Process(harness.pid).children()
        if "chaos.fleet.guardian" in child.cmdline()
    )
    assert len(carriers(run_id)) == 4  # two replicas, Envoy, Redis
    (password,) = passwords(tmp_path)
    harness.kill()
    deadline = time.monotonic() + 30.0
    harness.communicate()
    while not has_ended(guardian):
        assert time.monotonic() < deadline, "the guardian is still there after 30 s"
        time.sleep(0.05)
    assert carriers(run_id) == set()
    for port in ports:
        ensure_free(port)
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert kept, "the logs and the data stay"
    assert [path for path in kept if password in path.read_bytes()] == []


def test_a_killed_sentinel_set_leaves_no_password_either(tmp_path: Path, run_id: str) -> None:
    redis = tmp_path / "redis"
    for name in ("redis-1/redis.conf", "redis-1/redis.conf.Xh3kS9", "sentinel-1/sentinel.conf"):
        (redis / name).parent.mkdir(parents=True, exist_ok=True)
        (redis / name).write_text("requirepass secret\n")
    (redis / "redis-1" / "dump.rdb").write_text("data")
    Guardian.start(run_id, password_files(tmp_path)).close()
    assert [path.name for path in redis.rglob("*") if path.is_file()] == ["dump.rdb"]


def test_the_guardian_removes_its_files_and_not_the_targets_of_links(
    tmp_path: Path, run_id: str
) -> None:
    gone, kept = tmp_path / "gone [1]", tmp_path / "kept"
    for folder in (gone / "deep", kept):
        folder.mkdir(parents=True)
        (folder / "file").touch()
    (gone / "link").symlink_to(kept)
    (tmp_path / "link").symlink_to(kept)
    leftovers = [glob.escape(str(gone)), str(tmp_path / "link"), str(tmp_path / "never was")]
    guardian = Guardian.start(run_id, leftovers)
    os.kill(guardian.pid, signal.SIGKILL)  # its replacement removes them, too
    guardian.close()
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert (kept / "file").exists()


def test_closing_ends_processes_with_the_id_and_no_others(run_id: str) -> None:
    guardian = Guardian.start(run_id)
    ours, others = carrier(run_id), carrier(run_id + "0")
    try:
        guardian.close()
        assert ours.wait(30) == -signal.SIGKILL
        assert others.poll() is None
    finally:
        end(ours)
        end(others)


def test_no_child_holds_the_write_end_of_the_pipe(run_id: str) -> None:
    guardian = Guardian.start(run_id)
    child = carrier(run_id)
    try:
        assert guardian._write_end is not None
        assert not os.get_inheritable(guardian._write_end)
        if Path("/proc/self/fd").exists():
            pipe = os.readlink(f"/proc/self/fd/{guardian._write_end}")
            held = [os.readlink(fd) for fd in Path(f"/proc/{child.pid}/fd").iterdir()]
            assert pipe not in held
    finally:
        guardian.close()
        end(child)


def test_the_guardian_ignores_polite_signals(run_id: str) -> None:
    guardian = Guardian.start(run_id)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(guardian.pid, number)
    ours = carrier(run_id)
    try:
        assert psutil.pid_exists(guardian.pid)
        guardian.close()
        assert ours.wait(30) == -signal.SIGKILL
    finally:
        end(ours)


def test_a_guardian_that_was_killed_is_replaced_at_the_end(run_id: str) -> None:
    guardian = Guardian.start(run_id)
    os.kill(guardian.pid, signal.SIGKILL)
    ours = carrier(run_id)
    try:
        guardian.close()
        assert ours.wait(30) == -signal.SIGKILL
    finally:
        end(ours)


def test_a_child_that_scrubbed_its_environment_goes_with_its_session(run_id: str) -> None:
    code = (
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c',"
        " 'import time; time.sleep(60)'], env={}, stdout=subprocess.DEVNULL);"
        " print('forked', flush=True); import time; time.sleep(60)"
    )
    leader = carrier(run_id, code)
    try:
        assert leader.stdout is not None
        leader.stdout.readline()
        (scrubbed,) = psutil.Process(leader.pid).children()
        assert sweep(run_id)
        assert has_ended(scrubbed)
    finally:
        end(leader)


def test_closing_twice_is_once(run_id: str) -> None:
    guardian = Guardian.start(run_id)
    guardian.close()
    guardian.close()
    assert not psutil.pid_exists(guardian.pid)
