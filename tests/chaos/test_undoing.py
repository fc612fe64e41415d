"""The guardian undoes the faults whose undoing it keeps, when the harness is gone."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import diya_start
from chaos.errors import ChaosError
from chaos.experiment.outside_call import OutsideCall
from chaos.fleet.guardian import RUN_ID_VARIABLE, Guardian
from chaos.fleet.undoing import Undoing, apply_line, to_line, undo_all
from chaos.fleet.waiting import holds_within
from tests.chaos.test_guardian import carrier, end

pytestmark = pytest.mark.service

COMMAND = tuple(diya_start.command("chaos.experiment.undo_process"))


def undoing(code: str, **more: object) -> Undoing:
    undo = OutsideCall({"type": "process", "path": sys.executable, "arguments": ["-c", code]})
    call = {
        "target": "shop",
        "undo": undo.to_json(),
        "by_hand": undo.by_hand(),
        "what": "undo",
        "ready": None,
        "back_within_s": 5.0,
        **more,
    }
    return Undoing(COMMAND, call, 15.0)


def append(path: Path, word: str) -> str:
    return f"open({str(path)!r}, 'a').write({word!r})"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "undo.log"


@pytest.fixture
def guardian(log: Path) -> Iterator[Guardian]:
    found = Guardian.start(uuid.uuid4().hex[:12], undo_log=log)
    yield found
    found.close()


def test_kept_undoings_are_done_newest_first(guardian: Guardian, tmp_path: Path, log: Path) -> None:
    mark = tmp_path / "mark"
    for word in ("a", "b", "c"):
        guardian.keep(word, undoing(append(mark, word)))
    guardian.drop("b")
    assert guardian.close()
    assert mark.read_text() == "ca"
    assert log.read_text().count("shop: undone by the guardian") == 2


def test_a_guardian_that_was_killed_is_replaced(guardian: Guardian, tmp_path: Path) -> None:
    guardian.keep("a", undoing(append(tmp_path / "mark", "a")))
    os.kill(guardian.pid, signal.SIGKILL)
    assert guardian.close()
    assert (tmp_path / "mark").read_text() == "a"


def test_no_fault_begins_without_its_guardian(guardian: Guardian) -> None:
    os.kill(guardian.pid, signal.SIGKILL)
    guardian._process.wait(30)
    with pytest.raises(ChaosError, match="nothing would undo the fault"):
        guardian.keep("a", undoing("pass"))


def test_an_undo_that_fails_is_told_with_the_command_that_heals_by_hand(
    guardian: Guardian, tmp_path: Path, log: Path
) -> None:
    guardian.keep("bad", undoing("import sys; sys.exit('no such shop')"))
    guardian.keep("good", undoing(append(tmp_path / "mark", "a")))
    assert not guardian.close()
    assert (tmp_path / "mark").read_text() == "a", "one failure keeps no other from being undone"
    said = log.read_text()
    assert "the undo failed: " in said
    assert "no such shop; heal it by hand: " in said
    assert sys.executable in said


def test_the_guardian_waits_until_the_target_is_ready(
    guardian: Guardian, tmp_path: Path, log: Path
) -> None:
    mark, asked = tmp_path / "mark", tmp_path / "asked"
    code = f"import os, sys; {append(asked, 'x')}; sys.exit(not os.path.exists({str(mark)!r}))"
    probe = OutsideCall({"type": "process", "path": sys.executable, "arguments": ["-c", code]})
    ready = {"call": probe.to_json(), "tolerance": 0, "headers": {}}
    later = (
        f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {append(mark, 'a')!r}])"
    )
    guardian.keep("a", undoing(later, ready=ready))
    assert guardian.close()
    assert asked.read_text()
    assert "shop: ready " in log.read_text()


def test_an_action_that_still_runs_is_ended_before_it_is_undone(
    guardian: Guardian, tmp_path: Path
) -> None:
    ours = carrier(guardian.run_id)
    code = f"import os, sys; os.kill({ours.pid}, 0)"  # a zombie of ours still has its number
    guardian.keep("a", undoing(f"{code}; {append(tmp_path / 'mark', 'a')}"))
    try:
        assert guardian.close()
        assert ours.wait(30) == -signal.SIGKILL
    finally:
        end(ours)


def test_a_service_that_the_undo_starts_outlives_the_run(
    guardian: Guardian, tmp_path: Path
) -> None:
    pid = tmp_path / "pid"
    code = (
        "import os, signal, subprocess, sys;"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        f"open({str(pid)!r}, 'w').write(str(p.pid))"
    )
    guardian.keep("a", undoing(code))
    assert guardian.close()
    service = int(pid.read_text())
    try:
        environment = Path(f"/proc/{service}/environ").read_bytes()
        assert RUN_ID_VARIABLE.encode() not in environment
        ignored = next(
            line
            for line in Path(f"/proc/{service}/status").read_text().splitlines()
            if line.startswith("SigIgn:")
        )
        bits = int(ignored.split()[1], 16)
        assert not bits & 1 << (signal.SIGTERM - 1), "it can be asked to end"
    finally:
        os.kill(service, signal.SIGKILL)


def test_an_undo_that_takes_too_long_is_killed_with_everything_below_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids = tmp_path / "pids"
    inner = f"import os, time; open({str(pids)!r}, 'w').write(f'{{os.getpid()}} '); time.sleep(60)"
    # It makes its call in a session of its own, as the processes of undoings do.
    code = (
        "import sys; from chaos.experiment.limited_process import run_limited;"
        f"run_limited('shop', [sys.executable, '-c', {inner!r}], 60)"
    )

    def limit_of(kept: object) -> float:
        assert holds_within(lambda: pids.exists() and pids.read_text().endswith(" "), 30)
        return 0.0

    monkeypatch.setattr("chaos.fleet.undoing.limit_of", limit_of)
    monkeypatch.setenv("PYTHONPATH", str(Path(diya_start.__file__).parent))
    assert not undo_all({"a": Undoing((sys.executable, "-c", code), {}, 15.0)})
    pid = int(pids.read_text())
    assert holds_within(lambda: not _is_running(pid), 5), "the call of the undo still runs"


def _is_running(pid: int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def test_a_line_that_was_cut_off_keeps_nothing() -> None:
    kept: dict[str, Undoing] = {}
    whole = to_line("a", Undoing(("x",), {"secret": "s"}, 1.0))
    apply_line(whole[: len(whole) // 2], kept)
    assert kept == {}
    apply_line(whole, kept)
    assert kept["a"].call == {"secret": "s"}
    apply_line(json.dumps(["a", None]).encode(), kept)
    assert kept == {}


def test_no_secret_stands_in_a_command_line_or_a_text_about_it(
    guardian: Guardian, tmp_path: Path, log: Path
) -> None:
    from chaos.experiment.values import Values

    args, out = ["-c", "import sys, time; sys.exit('no ' + sys.argv[1])", "hunter2"], tmp_path
    values = Values({}, {"token": "hunter2"})
    undo = OutsideCall({"type": "process", "path": sys.executable, "arguments": args}, values)
    assert "hunter2" not in repr(undo) + undo.by_hand()
    kept = undoing("pass", undo=undo.to_json(), by_hand=undo.by_hand())
    assert "hunter2" not in repr(kept)
    guardian.keep("a", kept)
    cmdline = Path(f"/proc/{guardian.pid}/cmdline").read_bytes()
    assert b"hunter2" not in cmdline
    assert not guardian.close()
    assert "hunter2" not in log.read_text()
    assert list(out.iterdir()) == [log.parent]
