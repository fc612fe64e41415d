"""Recovery from faults in a service whose turns are sometimes slow without any fault."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from reports.checks import run_checks
from reports.records import Finding, Status
from tests.reports.a_run import Run

FAULTS = (15.0, 30.0, 45.0)


def noisy(seed: int, load: float, noise: float, tail: float = 0.0) -> Run:
    """A minute of turns of which a share is slow; after the last fault a tail of retried ones."""
    chance = random.Random(seed)
    run = Run(load_end=90.0)
    for start in FAULTS:
        run.fault("kill-redis", start, start + 1.0, id=f"kill-redis-{start:g}")
    at = 5.0
    while (at := at + chance.expovariate(load)) < 85.0:
        conversation = run.conversation(start=at)
        in_tail = FAULTS[-1] <= at < FAULTS[-1] + 21.0
        if chance.random() < (tail if in_tail else 0.0):
            conversation.turn(took=3.0, attempts=2)
        else:
            conversation.turn(took=chance.uniform(2.1, 6.0) if chance.random() < noise else 0.2)
    return run


def recoveries(run: Run, tmp_path: Path) -> list[Finding]:
    findings = run_checks(run.history(tmp_path))
    return [finding for finding in findings if finding.check == "recovery.time"]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("load", [10, 50])
def test_slow_turns_within_the_objective_do_not_prolong_a_recovery(
    tmp_path: Path, seed: int, load: int
) -> None:
    found = recoveries(noisy(seed, load, 0.008), tmp_path)
    assert [finding.status for finding in found] == [Status.PASS] * len(FAULTS)


@pytest.mark.parametrize("tail", [0.1, 0.5])
def test_a_tail_of_retried_turns_is_the_fault_s(tmp_path: Path, tail: float) -> None:
    found = recoveries(noisy(1, 30, 0.005, tail), tmp_path)
    assert [finding.status for finding in found] == [Status.PASS, Status.PASS, Status.FAIL]
    assert found[-1].value == pytest.approx(23.0, abs=2.0)


def test_a_service_that_always_retries_many_turns_recovers_to_that(tmp_path: Path) -> None:
    chance = random.Random(2)
    run = Run(load_end=90.0)
    run.fault("kill-redis", 45.0, 46.0)
    at = 5.0
    while (at := at + chance.expovariate(20)) < 85.0:
        run.conversation(start=at).turn(attempts=2 if chance.random() < 0.05 else 1)
    assert recoveries(run, tmp_path)[0].status is Status.PASS
