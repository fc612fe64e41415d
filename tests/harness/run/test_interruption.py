"""A run that is interrupted or killed leaves no processes, and its records can be judged."""

from __future__ import annotations

import itertools
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from chaos.experiment.control import FOLDER_PREFIX
from chaos.fleet.guardian import carriers
from tests.bench.judge import write_run
from tests.harness import command

QUICK_S = 15.0
"""Three times what it takes on a machine of one's own: other tests use it meanwhile."""
PATIENCE_S = 30.0
"""Where no promise is about time."""
LONG_FAULTS = ("--experiment", str(command.HERE / "long_faults.yaml"))


def begun(out: Path, moment: str) -> tuple[subprocess.Popen[str], str, list[int]]:
    """A run that has come to `moment`, its id, and the ports its replicas have."""
    process = command.start("readiness", *command.TINY, *command.ONE_KILL, "--out", str(out))
    command.wait_until(lambda: any(out.glob("*/run.json")), 20, "the run begins")
    run_dir = command.only_run(out)
    if moment == "start":
        command.wait_until(lambda: any(run_dir.glob("logs/r03.log")), 20, "replicas start")
    else:
        command.wait_until(lambda: command.turns_recorded(out) >= 10, 60, "turns are played")
    run_id = json.loads((run_dir / "run.json").read_text())["run_id"]
    envoy = json.loads((run_dir / "envoy.json").read_text()) if moment == "load" else {}
    return process, run_id, _ports(envoy)


@pytest.mark.run
@pytest.mark.parametrize(
    ("signum", "moment"),
    [
        pytest.param(signal.SIGINT, "load", marks=pytest.mark.daily),
        (signal.SIGINT, "start"),
        *itertools.product([signal.SIGTERM, signal.SIGKILL], ["start", "load"]),
    ],
)
def test_nothing_is_left_and_the_run_can_be_judged(
    tmp_path: Path, moment: str, signum: signal.Signals
) -> None:
    process, run_id, ports = begun(tmp_path, moment)
    process.send_signal(signum)
    command.wait_until(lambda: command.nothing_left(run_id), QUICK_S, "everything has ended")
    _, stderr = process.communicate(timeout=QUICK_S)
    if signum != signal.SIGKILL:
        assert process.returncode == 105, stderr
        assert "Traceback" not in stderr
    for port in ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0, f"port {port} still answers"
    judged = command.run("report", str(command.only_run(tmp_path)))
    assert judged.returncode == 75, judged.stdout + judged.stderr
    assert "INCONCLUSIVE" in judged.stdout


@pytest.mark.run
def test_the_password_of_redis_stands_in_no_argument_record_or_log(tmp_path: Path) -> None:
    process, run_id, _ = begun(tmp_path, "load")
    run_dir = command.only_run(tmp_path)
    config = (run_dir / "redis" / "redis.conf").read_text()
    (password,) = (
        line.split()[1].strip('"') for line in config.splitlines() if line.startswith("requirepass")
    )
    arguments = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    process.send_signal(signal.SIGINT)
    said = "".join(process.communicate(timeout=QUICK_S))
    assert command.nothing_left(run_id)
    command.run("report", str(run_dir))
    assert password not in arguments.stdout
    assert password not in said
    files = [path for path in run_dir.rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in files:
        assert password.encode() not in path.read_bytes(), path


@pytest.mark.run
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGKILL])
def test_in_the_middle_of_faults_nothing_frozen_or_half_down_is_left(
    tmp_path: Path, signum: signal.Signals
) -> None:
    process = command.start("readiness", *command.TINY, *LONG_FAULTS, "--out", str(tmp_path))
    command.wait_until(lambda: any(tmp_path.glob("*/run.json")), PATIENCE_S, "the run begins")
    run_dir = command.only_run(tmp_path)
    run_id = json.loads((run_dir / "run.json").read_text())["run_id"]
    command.wait_until(lambda: frozen_and_without_redis(run_id), 60, "both faults are done")
    process.send_signal(signum)
    command.wait_until(lambda: command.nothing_left(run_id), PATIENCE_S, "everything has ended")
    _, stderr = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == (-signal.SIGKILL if signum == signal.SIGKILL else 105), stderr
    assert "Traceback" not in stderr
    judged = command.run("report", str(run_dir))
    assert judged.returncode == 75, judged.stdout + judged.stderr


def frozen_and_without_redis(run_id: str) -> bool:
    stopped, names = 0, []
    for pid in carriers(run_id):
        try:
            process = psutil.Process(pid)
            stopped += process.status() == psutil.STATUS_STOPPED
            names.append(process.name())
        except psutil.NoSuchProcess:
            continue
    return bool(stopped) and not any("server" in name for name in names)


@pytest.mark.slow
@pytest.mark.service
@pytest.mark.parametrize(
    "signum",
    [
        signal.SIGKILL,
        signal.SIGINT,
        signal.SIGTERM,
    ],
)
def test_judging_that_was_interrupted_is_done_again_as_if_nothing_had_been(
    tmp_path: Path, signum: signal.Signals
) -> None:
    run_dir = tmp_path / "long"
    write_run(run_dir, 40_000)
    judging = command.start("report", str(run_dir))
    reading = psutil.Process(judging.pid)
    command.wait_until(lambda: reads(reading, run_dir), PATIENCE_S, "it judges")
    judging.send_signal(signum)
    _, stderr = judging.communicate(timeout=PATIENCE_S)
    assert judging.returncode == (-signal.SIGKILL if signum == signal.SIGKILL else 105), stderr
    assert "Traceback" not in stderr
    assert not (run_dir / "result.json").exists(), "half a judgement is none"
    assert command.run("report", str(run_dir)).returncode == 0


def reads(process: psutil.Process, run_dir: Path) -> bool:
    return any(Path(file.path).parent == run_dir for file in process.open_files())


@pytest.mark.service
def test_a_run_that_judges_can_be_interrupted(tmp_path: Path) -> None:
    # A signal does not interrupt the end of a fleet, but it must interrupt the code after it.
    code = (
        "import signal, sys; from harness.run.play import uninterrupted_end as whole\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(105))\n"
        "with whole(lambda: signal.raise_signal(signal.SIGTERM)): pass\n"
        "signal.raise_signal(signal.SIGTERM)"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=command.ROOT, check=False, timeout=60)
    assert ended.returncode == 105


@pytest.mark.slow
@pytest.mark.service
def test_a_killed_diya_up_leaves_no_process_no_port_and_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    process = command.start("up", "--replicas", "1", "--redis", "bundled")
    assert process.stdout is not None
    port = int(process.stdout.readline().rsplit(":", 1)[1])
    (folder,) = tmp_path.glob(f"{FOLDER_PREFIX}*")
    command.wait_until((folder / "control.json").exists, PATIENCE_S, "the fleet can be reached")
    process.kill()
    command.wait_until(lambda: not folder.exists(), PATIENCE_S, "the folder is gone")
    process.communicate(timeout=PATIENCE_S)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert "one fleet must run" in command.run("chaos", "kill-redis").stderr


@pytest.mark.service
def test_ctrl_c_ends_diya_up_and_leaves_nothing(tmp_path: Path) -> None:
    process = command.start("up", "--replicas", "2", "--redis", "bundled")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(3)]
    assert lines[0].startswith("balancer"), lines
    port = int(lines[0].rsplit(":", 1)[1])
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=QUICK_S)
    assert process.returncode == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def _ports(envoy: object) -> list[int]:
    """Every port that stands in the balancer's configuration: its own and the replicas'."""
    if isinstance(envoy, dict):
        own = [envoy["port_value"]] if isinstance(envoy.get("port_value"), int) else []
        return own + [port for value in envoy.values() for port in _ports(value)]
    if isinstance(envoy, list):
        return [port for value in envoy for port in _ports(value)]
    return []
