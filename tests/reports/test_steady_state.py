"""The steady-state hypothesis: before the faults about the run, after them about the system."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.checks import run_checks
from reports.records import Status
from reports.verdict.judge import judge
from tests.reports.a_run import Run
from tests.reports.test_judge import a_run


def statuses(run: Run, tmp_path: Path) -> tuple[Status, Status]:
    found = {f.check: f.status for f in run_checks(run.history(tmp_path))}
    return found["validity.steady_state"], found["recovery.steady_state"]


def test_without_a_hypothesis_there_is_no_gate(tmp_path: Path) -> None:
    found = {finding.check for finding in run_checks(Run().history(tmp_path))}
    assert not {name for name in found if name.endswith("steady_state")}


def test_a_probe_without_an_answer_is_unknown(tmp_path: Path) -> None:
    run = Run(steady_state=["a", "b"])
    assert statuses(run, tmp_path) == (Status.UNKNOWN, Status.UNKNOWN)
    run.asked("a", "before")
    run.asked("a", "after")
    assert statuses(run, tmp_path) == (Status.UNKNOWN, Status.UNKNOWN)
    run.asked("b", "before")
    run.asked("b", "during", "False")
    run.asked("b", "after")
    assert statuses(run, tmp_path) == (Status.PASS, Status.PASS)


@pytest.mark.parametrize("answer", ["False", None])
def test_a_system_that_did_not_come_back_is_no_go(tmp_path: Path, answer: str | None) -> None:
    run = a_run()
    run.probes.pop()
    run.asked("redis answers", "after", answer)
    result = judge(run.write(tmp_path / "run"))
    assert result["verdict"] == "NO-GO"
    assert "did not hold after the last fault: redis answers at 60.00 s" in result["headline"]


def test_a_run_that_began_unsteadily_proves_nothing(tmp_path: Path) -> None:
    run = a_run()
    run.probes.clear()
    run.asked("redis answers", "before", "False")
    assert judge(run.write(tmp_path / "run"))["verdict"] == "INCONCLUSIVE"
