"""A replica that is slow, silent or much slower than the others shows in a short run too."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from reports.checks.floors import check_floors
from reports.checks.parts import check_parts
from reports.checks.uneven import check_uneven
from reports.records import Finding, Status
from reports.render.uneven_view import uneven_line
from tests.reports.a_run import Run

Took = Callable[[str, float], float]
"""(replica, due) -> seconds."""


def smoke(took: Took, *, silent: str = "", seed: int = 1) -> Run:
    """A run like that of `smoke`: 114 turns over 12 replicas, nearly all of them near a fault."""
    run, chance = Run(load_end=20.0), random.Random(seed)
    run.fault("kill-replica", 6.0, 8.2, target="r10")
    run.fault("kill-redis", 11.0, 11.7, target="redis")
    names = [name for name in (f"r{number:02}" for number in range(1, 13)) if name != silent]
    for number in range(38):
        talk = run.conversation(start=5.0 + number * 0.35)
        for turn in range(3):
            replica, at = chance.choice(names), talk.start + turn
            talk.turn(at=at, took=took(replica, at), replica=replica)
    return run


def usual(_: str, __: float) -> float:
    return 0.2


def slow(seconds: float, name: str = "r05") -> Took:
    return lambda replica, _: seconds if replica == name else 0.2


def found(findings: list[Finding], gate: str) -> Finding | None:
    return next((finding for finding in findings if finding.check == gate), None)


def test_a_replica_that_is_too_slow_in_a_short_run_fails(tmp_path: Path) -> None:
    run = smoke(slow(3.0))
    finding = found(check_parts(run.history(tmp_path)), "latency.replica")
    assert finding is not None
    assert (finding.status, finding.value) == (Status.FAIL, 1.0)
    assert "r05" in finding.summary


def test_a_replica_that_is_slower_within_the_limits_is_shown(tmp_path: Path) -> None:
    history = smoke(slow(1.5)).history(tmp_path)
    assert found(check_parts(history), "latency.replica") is None
    (finding,) = check_uneven(history)
    assert finding.status is Status.PASS
    assert finding.summary.startswith("r05 answered ")
    assert "(medians 1.50 s and 0.20 s)" in finding.summary
    shown = uneven_line({"gates": [{"name": finding.check, "summary": finding.summary}]})
    assert shown == f"warning: {finding.summary}"


def test_a_replica_that_is_slow_in_its_own_fault_is_not_named(tmp_path: Path) -> None:
    run = smoke(lambda replica, at: 3.0 if replica == "r10" and at < 13.2 else 0.2)
    history = run.history(tmp_path)
    assert check_uneven(history) == []
    assert found(check_parts(history), "latency.replica") is None


def test_a_slow_time_of_all_replicas_names_none(tmp_path: Path) -> None:
    run = smoke(lambda _, at: 3.0 if 11.0 <= at <= 11.7 else 0.2)
    history = run.history(tmp_path)
    assert check_uneven(history) == []
    finding = found(check_parts(history), "latency.replica")
    assert finding is None or finding.status is Status.PASS


@pytest.mark.parametrize("seed", range(40))
def test_replies_of_very_different_length_name_no_replica(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    run = smoke(lambda *_: chance.lognormvariate(-1.5, 1.0), seed=seed)
    history = run.history(tmp_path)
    assert check_uneven(history) == []
    finding = found(check_parts(history), "latency.replica")
    assert finding is None or finding.status is Status.PASS


def test_a_replica_that_never_answers_makes_a_short_run_inconclusive(tmp_path: Path) -> None:
    finding = found(check_floors(smoke(usual, silent="r05").history(tmp_path)), "validity.replicas")
    assert finding is not None
    assert (finding.status, finding.value) == (Status.FAIL, 11)
    assert finding.evidence == ("r05 answered none of 114 turns away from its faults",)


def test_a_replica_that_its_fault_keeps_away_need_not_answer(tmp_path: Path) -> None:
    run = smoke(usual, silent="r10")
    run.faults.clear()
    run.fault("kill-replica", 6.0, 18.0, target="r10")
    finding = found(check_floors(run.history(tmp_path)), "validity.replicas")
    assert finding is not None
    assert finding.status is Status.PASS


@pytest.mark.parametrize(("conversations", "status"), [(38, Status.PASS), (200, Status.FAIL)])
def test_a_replica_that_falls_silent_is_named_when_chance_does_not_explain_it(
    tmp_path: Path, conversations: int, status: Status
) -> None:
    run, chance = Run(load_end=100.0), random.Random(1)
    names = [f"r{number:02}" for number in range(1, 13)]
    for number in range(conversations):
        talk = run.conversation(start=5.0 + number * 0.35)
        for turn in range(3):
            at = talk.start + turn
            talk.turn(at=at, replica=chance.choice(names[:11] if at > 12 else names))
    finding = found(check_floors(run.history(tmp_path)), "validity.replicas")
    assert finding is not None
    assert finding.status is status
    assert [line[:4] for line in finding.evidence] == ["r12 "] * (status is Status.FAIL)


def test_every_replica_answers_in_a_short_run(tmp_path: Path) -> None:
    finding = found(check_floors(smoke(usual).history(tmp_path)), "validity.replicas")
    assert finding is not None
    assert (finding.status, finding.evidence) == (Status.PASS, ())
