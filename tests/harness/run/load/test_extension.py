"""The load goes on while a fault lasts longer than planned, and for no other reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from harness.run.load.extension import LONGEST_S, Extension
from loadtests.profiles import profile
from reports.checks.floors import TURNS_AFTER
from reports.records import LoadMark
from reports.records.load_commands import ExtendCommand, LoadCommand
from tests.harness.run.test_watching import turn

pytestmark = pytest.mark.unit

PROFILE = profile.load("smoke")
START = 10.0
END = START + PROFILE.load_seconds


@dataclass
class Faults:
    """A schedule's two facts, set by hand."""

    current: str | None = None
    last_end: float | None = None


@dataclass
class Switch:
    """Keeps the orders."""

    told: list[LoadCommand] = field(default_factory=list)

    def tell(self, command: LoadCommand) -> int:
        self.told.append(command)
        return len(self.told)

    def answers(self, number: int) -> Sequence[LoadMark]:
        raise AssertionError("nobody waits for the answer")


class Played:
    """An extension, its faults and its orders."""

    def __init__(self) -> None:
        self.faults, self.switch = Faults(), Switch()
        self.extension = Extension(PROFILE, 7, cast(Any, self.faults), self.switch)

    def look(self, now: float) -> float:
        return self.extension.look(now, START)

    def answered(self, *sent: float) -> None:
        # Such a turn is sent half a second before it is done.
        self.extension.add([turn(0, each + 0.5) for each in sent])


def test_a_load_whose_faults_are_over_in_time_ends_as_planned() -> None:
    played = Played()
    played.faults.last_end = END - 8.0
    played.answered(*(END - 8.0 + 0.1 * number for number in range(1, TURNS_AFTER + 1)))
    assert [played.look(END - left) for left in (5.0, 2.0, 1.0, 0.0)] == [0.0] * 4
    assert played.switch.told == []


def test_a_load_without_any_fault_ends_as_planned() -> None:
    played = Played()
    assert played.look(END - 1.0) == 0.0


def test_the_load_goes_on_while_a_fault_lasts_and_until_enough_turns_came_after_it() -> None:
    played = Played()
    played.faults.current = "kill-replica-1"
    assert played.look(END - 3.0) == 0.0
    first = played.look(END - 1.9)
    assert first > 0
    assert played.look(END - 1.7) == 0.0
    played.faults.current, played.faults.last_end = None, END + 1.0
    played.answered(END - 0.5, END + 0.5, END + 1.5)
    second = played.look(END + first - 1.0)
    assert second > 0
    played.answered(*(END + 2.0 + 0.1 * number for number in range(TURNS_AFTER)))
    assert played.look(END + first + second - 1.0) == 0.0
    commands = [cast(ExtendCommand, each) for each in played.switch.told]
    assert [each.seconds for each in commands] == [first, second]
    assert len({each.seed for each in commands}) == 2
    mean = PROFILE.curve().total / PROFILE.load_seconds
    assert {each.rate for each in commands} == {mean}


def test_a_fault_that_never_ends_prolongs_the_load_by_its_limit_and_no_more() -> None:
    played = Played()
    played.faults.current = "kill-replica-1"
    moved, now = 0.0, END - 1.9
    for _ in range(200):
        moved += played.look(now)
        now += 0.5
    assert moved == LONGEST_S
