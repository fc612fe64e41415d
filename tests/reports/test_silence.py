"""Replicas that fall silent: named when neither chance nor their faults explain it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from msgspec.structs import replace

from reports.checks.floors import check_floors
from reports.records import Finding, Status
from tests.reports.a_run import Run

REPLICAS = 12
NAMES = [f"r{number:02}" for number in range(1, REPLICAS + 1)]
Balancer = Callable[[random.Random], Iterator[str]]


def in_turn(chance: random.Random) -> Iterator[str]:
    """One replica after the other, where a third of the requests is no turn."""
    return (NAMES[at % REPLICAS] for at in count() if chance.random() < 0.67)


def at_random(chance: random.Random) -> Iterator[str]:
    """Any replica."""
    while True:
        yield chance.choice(NAMES)


def weighted(chance: random.Random) -> Iterator[str]:
    """Any replica, but the last one five times less often, as one that is tried out."""
    while True:
        yield chance.choices(NAMES, [1.0] * (REPLICAS - 1) + [0.2])[0]


def sticky_run(chance: random.Random, stays: float, talks: int = 40, turns: int = 8) -> Run:
    """Conversations, five at a time, whose next turn stays on its replica with this probability."""
    run, names = Run(load_end=5.0 + talks * turns * 0.1), at_random(chance)
    now = 5.0
    for first in range(0, talks, 5):
        beside = [(run.conversation(start=now), [next(names)]) for _ in range(first, first + 5)]
        for _ in range(turns):
            for talk, (name,) in beside:
                talk.turn(at=now, took=0.05, replica=name)
                now += 0.1
            for _, own in beside:
                own[0] = own[0] if chance.random() < stays else next(names)
    return run


def run_of(balancer: Balancer, silent: int, left: int, turns: int = 1000, seed: int = 1) -> Run:
    """A run of so many turns, in the last of which the first replicas answer none."""
    run, names = Run(load_end=5.0 + turns * 0.1), balancer(random.Random(seed))
    dead = NAMES[:silent]
    for number in range(turns):
        quiet = number >= turns - left
        name = next(name for name in names if not (quiet and name in dead))
        run.conversation(start=5.0 + number * 0.1).turn(took=0.05, replica=name)
    return run


def judged(run: Run, tmp_path: Path) -> Finding:
    (finding,) = [
        each for each in check_floors(run.history(tmp_path)) if each.check == "validity.replicas"
    ]
    return finding


@pytest.mark.parametrize(("silent", "left"), [(2, 60), (3, 41), (6, 41), (11, 41), (5, 30)])
def test_several_replicas_that_fall_silent_show_earlier_than_one(
    tmp_path: Path, silent: int, left: int
) -> None:
    finding = judged(run_of(in_turn, silent, left), tmp_path)
    assert finding.status is Status.FAIL
    (line,) = finding.evidence
    assert all(name in line for name in NAMES[:silent])
    assert " turns after " in line


@pytest.mark.parametrize(
    ("balancer", "silent", "left"),
    [(at_random, 2, 80), (at_random, 3, 60), (at_random, 6, 41), (at_random, 5, 31)],
)
def test_a_random_balancer_leaves_several_replicas_out_less_often_than_one(
    tmp_path: Path, balancer: Balancer, silent: int, left: int
) -> None:
    assert judged(run_of(balancer, silent, left), tmp_path).status is Status.FAIL


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        (NAMES, NAMES[2:], "fail"),
        (NAMES, NAMES, "pass"),
        (NAMES[2:], NAMES[2:], "pass"),  # reads never go to these two
        (NAMES, [None], "pass"),
    ],
)
def test_reads_that_silent_replicas_do_not_answer_any_more_count_as_turns(
    tmp_path: Path, before: list[str], after: list[str | None], status: str
) -> None:
    run = run_of(at_random, 2, 41)
    for talk in run.conversations:
        talk.audit()
        names = before if talk.index < 955 else after
        read = replace(talk.audits[0], replica=names[talk.index % len(names)])
        talk.audits[0] = read
    finding = judged(run, tmp_path)
    assert finding.status == status
    assert ("reads after" in "".join(finding.evidence)) is (status == "fail")


@pytest.mark.parametrize("balancer", [in_turn, at_random])
@pytest.mark.parametrize("turns", [120, 300, 1000])
def test_replicas_of_a_healthy_run_are_not_silent(
    tmp_path: Path, balancer: Balancer, turns: int
) -> None:
    finding = judged(run_of(balancer, 0, 0, turns=turns, seed=turns), tmp_path)
    assert (finding.status, finding.evidence) == (Status.PASS, ())


@pytest.mark.parametrize("seed", range(6))
def test_a_replica_that_gets_less_than_the_others_may_be_silent_for_longer(
    tmp_path: Path, seed: int
) -> None:
    finding = judged(run_of(weighted, 0, 0, turns=400, seed=seed), tmp_path)
    assert (finding.status, finding.evidence) == (Status.PASS, ())


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("stays", [0.7, 1.0])
def test_turns_of_conversations_that_stay_on_their_replica_count_once(
    tmp_path: Path, stays: float, seed: int
) -> None:
    finding = judged(sticky_run(random.Random(seed), stays), tmp_path)
    assert (finding.status, finding.evidence) == (Status.PASS, ())


def test_a_silent_replica_shows_beside_one_that_gets_less(tmp_path: Path) -> None:
    (line,) = judged(run_of(weighted, 1, 150), tmp_path).evidence
    assert line.startswith("r01 answered none of ")


@pytest.mark.parametrize(("down", "status"), [(True, "pass"), (False, "fail")])
def test_replicas_in_their_own_faults_may_be_silent_together(
    tmp_path: Path, down: bool, status: str
) -> None:
    run = run_of(in_turn, 3, 60)
    if down:
        run.fault("kill-replica", 98.9, 110.0, target="r01, r02, r03")
    assert judged(run, tmp_path).status == status


def test_replicas_that_never_answer_show_together_in_a_run_too_short_for_one(
    tmp_path: Path,
) -> None:
    finding = judged(run_of(in_turn, 5, 60, turns=60), tmp_path)
    assert finding.status is Status.FAIL
    assert finding.evidence == (
        "r01, r02, r03, r04 and r05 answered none of 60 turns away from their faults",
    )
