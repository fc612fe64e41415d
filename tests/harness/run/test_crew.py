"""The load over several processes: a lost worker makes the run INCONCLUSIVE, and leaves nothing."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from chaos.fleet.guardian import carriers
from chaos.fleet.ports import free_port
from reports.records import Fate, LoadMark
from tests.harness import command
from tests.loadtests.recorded import fates, records


def _begun(out: Path, *arguments: str) -> tuple[subprocess.Popen[str], str]:
    quiet = ("--experiment", "none", "--out", str(out))
    process = command.start("readiness", *command.TINY, *quiet, *arguments)
    command.wait_until(lambda: command.turns_recorded(out) >= 10, 60, "turns are played")
    return process, json.loads((command.only_run(out) / "run.json").read_text())["run_id"]


def _locusts(run_id: str, kind: str) -> list[int]:
    return [pid for pid in sorted(carriers(run_id)) if kind in psutil.Process(pid).cmdline()]


def _failed(out: Path) -> dict[str, str]:
    """The gates that failed, with their summaries."""
    result: dict[str, Any] = json.loads((command.only_run(out) / "result.json").read_text())
    return {g["name"]: g["summary"] for g in result["gates"] if g["status"] == "fail"}


def _became(out: Path) -> dict[int, Fate]:
    """The fate of each planned arrival; none is missing."""
    run_dir = command.only_run(out)
    (planned,) = (m.values["arrivals"] for m in records(run_dir, LoadMark) if m.mark == "start")
    became = fates(run_dir)
    assert [*became] == list(range(int(planned)))
    return became


@pytest.mark.run
def test_a_killed_worker_makes_the_run_inconclusive_with_the_reason(tmp_path: Path) -> None:
    process, run_id = _begun(tmp_path, "--workers", "3")
    workers = _locusts(run_id, "--worker")
    assert len(workers) == 3
    psutil.Process(workers[1]).kill()
    output, errors = process.communicate(timeout=90)
    assert process.returncode == 75, output + errors
    assert {"validity.workers", "validity.arrivals"} <= {*_failed(tmp_path)}
    assert {*_became(tmp_path).values()} == {Fate.OFFERED, Fate.LOST}
    assert command.nothing_left(run_id)


@pytest.mark.run
@pytest.mark.parametrize(
    ("arguments", "in_charge"), [(["--workers", "2"], "--master"), ([], "--headless")]
)
def test_the_sum_is_exact_and_nothing_is_left_after_the_master_is_killed(
    tmp_path: Path, arguments: list[str], in_charge: str
) -> None:
    process, run_id = _begun(tmp_path, *arguments)
    (master,) = _locusts(run_id, in_charge)
    psutil.Process(master).kill()
    output, errors = process.communicate(timeout=90)
    assert process.returncode == 75, output + errors
    failed = _failed(tmp_path)
    assert {"validity.complete", "validity.arrivals", "validity.workers"} <= {*failed}
    assert "the one in charge, which ended with -9" in failed["validity.workers"]
    assert " 0 unaccounted for, 0 recorded twice" in failed["validity.arrivals"]
    became = _became(tmp_path)
    assert Fate.LOST in became.values()
    assert {*became.values()} <= {Fate.OFFERED, Fate.LOST}
    assert command.nothing_left(run_id)


@pytest.mark.run
def test_arrivals_during_a_stall_of_the_generator_are_dropped_as_late(tmp_path: Path) -> None:
    load = (command.HERE / "tiny.toml").read_text()
    for before, after in (
        ("rate = 4", "rate = 8"),
        ("open = 200", "open = 200\nlate_after_s = 0.3"),
    ):
        assert before in load
        load = load.replace(before, after)
    (mine := tmp_path / "late.toml").write_text(load)
    process, run_id = _begun(out := tmp_path / "out", "--profile", str(mine))
    (generator,) = _locusts(run_id, "--headless")
    stalled = psutil.Process(generator)
    stalled.suspend()
    time.sleep(2.5)
    stalled.resume()
    output, errors = process.communicate(timeout=90)
    assert process.returncode == 75, output + errors
    late = sum(fate is Fate.LATE for fate in _became(out).values())
    assert {*_became(out).values()} == {Fate.OFFERED, Fate.LATE}
    assert f"{late} dropped because the generator was late" in _failed(out)["validity.arrivals"]
    assert "0 unaccounted for, 0 recorded twice" in _failed(out)["validity.arrivals"]


@pytest.mark.run
def test_workers_join_a_master_and_the_run_comes_to_its_verdict(tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    joined = command.start("readiness", "--join", address, "--workers", "2")
    process, run_id = _begun(tmp_path, "--master", "--bind", address, "--workers", "2")
    output, errors = process.communicate(timeout=90)
    assert process.returncode == 0, output + errors
    said, complaints = joined.communicate(timeout=30)
    assert joined.returncode == 0, said + complaints
    assert command.nothing_left(run_id)


@pytest.mark.service
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--workers", "0"], "--workers 0: must be a number from 1 to 256"),
        (["--bind", "127.0.0.1"], "--bind 127.0.0.1: must come with --master"),
        (["--join", "http://h/"], "--join http://h/: must be HOST or HOST:PORT"),
        (["--join", " h"], "--join  h: must be HOST or HOST:PORT"),
        (["--join", "user:hunter2@h"], "--join …@h: must be HOST or HOST:PORT"),
        (["--join", "h:80"], "--join h:80: must be HOST or HOST:PORT, PORT from 1024 to 65535"),
        (["--master", "--bind", "10.0.0.1"], "--bind 10.0.0.1: must come with a --target"),
    ],
)
def test_options_that_cannot_be_are_refused_with_one_sentence(
    tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    finished = command.run_here("readiness", *arguments, "--out", str(tmp_path))
    assert finished.returncode == 104
    assert finished.stderr.startswith(f"diya: {sentence}")
