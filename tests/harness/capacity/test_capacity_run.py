"""Whole capacity runs, as short as they can be: what they find depends on the machine, their form
does not.
"""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from harness.capacity import stored
from reports.basics.exit_codes import ExitCode
from reports.capacity.findings import Answer, ProbeKind
from tests.harness import command

SHORT = ("capacity", "--profile", "smoke", "--minutes", "1", "--redis-sizes", "none", "--seed", "5")
ANSWERS = {ExitCode.GO, ExitCode.NO_GO, ExitCode.INCONCLUSIVE}
pytestmark = [
    pytest.mark.run,
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two cores"),
]


def run_ids(root: Path) -> list[str]:
    """The ids of the runs of all probes."""
    return [json.loads(path.read_text())["run_id"] for path in root.glob("*/run.json")]


def test_a_capacity_run_measures_searches_and_answers(tmp_path: Path) -> None:
    finished = command.run(*SHORT, "--for", "100", "--out", str(tmp_path), timeout=380)
    assert finished.returncode in ANSWERS, finished.stderr
    root = command.only_run(tmp_path)
    found = stored.read(root)
    demand = found.demand
    assert demand is not None
    assert demand.turns > 20
    assert demand.replica_cpu_s.value is not None
    assert 0.0005 < demand.replica_cpu_s.value < 1
    assert demand.in_flight_limit == 64
    assert demand.model_calls.value is not None
    assert 1 <= demand.model_calls.value <= 3
    assert found.sustainable is not None
    assert found.sustainable.predicted.value is not None
    assert found.probes[0].kind is ProbeKind.SEARCH
    assert {*found.pinned["replicas"]}.isdisjoint(found.pinned["others"])
    for probe in found.probes:
        run = json.loads((root / probe.name / "run.json").read_text())
        assert run["pinned"] == found.pinned
        assert run["drained"] is False
    if any(probe.answer is Answer.PASS for probe in found.probes):
        assert found.probes[-1].kind is ProbeKind.OVERLOAD
    for name in ("answer.json", "answer.md", "report.html"):
        assert (root / name).stat().st_size > 100
    assert all(command.nothing_left(run_id) for run_id in run_ids(root))

    again = command.run("report", str(root), timeout=120)
    assert again.returncode == finished.returncode, again.stderr
    assert again.stdout == finished.stdout
    assert stored.read(root).probes == found.probes


def test_an_interrupted_run_keeps_what_was_judged_and_leaves_nothing(tmp_path: Path) -> None:
    process = command.start(*SHORT, "--out", str(tmp_path))

    def in_a_probe() -> bool:
        return any(
            (path / "turns.jsonl").is_file() and (path / "turns.jsonl").stat().st_size > 0
            for path in tmp_path.glob("*/probe-01")
        )

    command.wait_until(in_a_probe, 120, "the first probe is played")
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == ExitCode.INTERRUPTED, stderr
    assert "Traceback" not in stderr
    root = command.only_run(tmp_path)
    assert f"diya report {root}" in stderr
    assert len(run_ids(root)) == 2
    assert all(command.nothing_left(run_id) for run_id in run_ids(root))
    found = stored.read(root)
    assert found.demand is not None
    assert found.probes == ()
    judged = command.run("report", str(root))
    assert judged.returncode == ExitCode.INCONCLUSIVE, judged.stderr
