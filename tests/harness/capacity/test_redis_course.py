"""The progress of a measurement of Redis, with the time that is left."""

from __future__ import annotations

import re

from harness.capacity.redis_size.course import Course, Step, planned_s

SIZES = (10_000, 300_000)


def left(said: list[str]) -> int:
    found = re.search(r"; about (\d+) s left$", said[-1])
    assert found is not None, said[-1]
    return int(found[1])


def after_the_first_size(times: float) -> int:
    """The seconds left when the first size took `times` the planned time."""
    now, said = [0.0], list[str]()
    course = Course(SIZES, said.append, lambda: now[0])
    now[0] = times * planned_s(SIZES[:1])
    course.at(Step.FILL, "300,000 sessions", 300_000)
    return left(said)


def test_the_time_left_is_that_of_the_plan_while_it_goes_as_planned() -> None:
    said: list[str] = []
    Course(SIZES, said.append, lambda: 0.0).at(Step.TEMPLATES, "begins")
    assert left(said) == round(planned_s(SIZES))
    assert after_the_first_size(1.0) == round(planned_s(SIZES) - planned_s(SIZES[:1]))


def test_a_slow_machine_is_noticed() -> None:
    assert after_the_first_size(3.0) > 2.5 * after_the_first_size(1.0)


def test_the_text_says_what_is_measured() -> None:
    said: list[str] = []
    Course(SIZES, said.append).at(Step.TURNS, "10,000 sessions: turns", 10_000)
    assert said[0].startswith("Redis: 10,000 sessions: turns; about ")
