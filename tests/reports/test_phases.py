"""Which phase a turn belongs to."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from msgspec import structs

from reports.measures.phases import PhaseMap, load_phases, turns_by_phase
from reports.records.history import History
from tests.reports.a_run import Run


@pytest.fixture
def history(tmp_path: Path) -> History:
    """Warm-up until 5, a fault from 20 to 22, one from 25 to 30, one from 28 to 29 inside it."""
    run = Run()
    run.fault("kill-redis", 20.0, 22.0, id="first")
    run.fault("rolling-restart", 25.0, 30.0, id="long")
    run.fault("kill-replica", 28.0, 29.0, id="inside")
    return run.history(tmp_path)


@pytest.mark.parametrize(
    ("due", "done", "phase"),
    [
        (1.0, 2.0, "warmup"),
        (4.9, 6.0, "warmup"),
        (5.0, 6.0, "steady"),
        (19.0, 19.9, "steady"),
        (19.0, 20.1, "fault:first"),  # in flight when the fault struck
        (10.0, 50.0, "fault:first"),  # outlived everything: the first one stopped it
        (21.0, 21.5, "fault:first"),
        (22.1, 22.2, "recovery:first"),
        (24.9, 24.95, "recovery:first"),  # cut short by the next fault, not five seconds long
        (24.9, 25.1, "fault:long"),  # a fault goes before a recovery
        (28.5, 28.6, "fault:long"),
        (29.5, 29.6, "fault:long"),
        (30.5, 30.6, "recovery:long"),
        (35.1, 36.0, "steady"),
    ],
)
def test_a_turn_belongs_to_the_first_fault_it_touches_then_to_a_recovery_then_to_the_load(
    history: History, due: float, done: float, phase: str
) -> None:
    assert PhaseMap(history).of(due, done) == phase


def test_turns_that_follow_each_other_are_assigned_as_each_alone(tmp_path: Path) -> None:
    """In a long run most stretches of the file are of one phase, and some are mixed."""
    run = Run()
    run.fault("kill-redis", 20.0, 22.0, id="first")
    run.fault("rolling-restart", 25.0, 30.0, id="long")
    talk = run.conversation().turn()
    (turn,), draw = talk.turns, random.Random(1)
    times = [(due, due + draw.uniform(0, 3)) for due in map(draw.uniform, [0] * 30, [45] * 30)]
    times += [(4.9, 5.1), (5.0, 5.1), (19.9, 20.0), (35.0, 35.0), (36.0, 35.5)]
    draw.shuffle(times)
    talk.turns = [
        structs.replace(turn, due=due, done=done)
        for due, done in times
        for _ in range(draw.randint(1, 600))
    ]
    history = run.history(tmp_path)
    phases, expected = PhaseMap(history), dict[str, list[int]]()
    for number, each in enumerate(talk.turns):
        expected.setdefault(phases.of(each.due, each.done), []).append(number)
    found = turns_by_phase(history)
    assert {phase: list(numbers) for phase, numbers in found.items()} == expected
    assert list(found) == list(expected)


def test_the_load_without_a_warmup_is_steady_from_the_start(tmp_path: Path) -> None:
    run = Run(marks=("start", "arrivals-end", "end", "audited"))
    assert PhaseMap(run.history(tmp_path)).of(0.1, 0.2) == "steady"


def test_the_profile_s_phases_follow_each_other_until_the_last_arrival(history: History) -> None:
    assert [(p.name, p.start, p.end) for p in load_phases(history)] == [
        ("warmup", 0.0, 5.0),
        ("hold", 5.0, 59.0),
    ]


def test_a_load_that_never_began_has_no_phases(tmp_path: Path) -> None:
    assert load_phases(Run(marks=()).history(tmp_path)) == []
