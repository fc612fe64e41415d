"""Processor times are compared at one speed of the machine."""

from __future__ import annotations

from typing import Any

import pytest

from reports.comparison.compare import compare
from reports.comparison.machine_speed import at_one_speed
from reports.comparison.model import Word
from reports.comparison.sides import of_results
from tests.reports.comparison.a_side import costs, result

CPU = "replica_cpu_s_per_turn"


def run(at: float, slow: float, dearer: float = 1.0, **more: float | None) -> dict[str, Any]:
    """A run of a machine that takes so many times as long for everything."""
    usual = {"reference_work_s": 0.0005 * slow, "balancer_cpu_s_per_turn": 0.00125 * slow}
    return result(at, costs=costs(**{CPU: 0.010 * slow * dearer, **usual, **more}))


def test_the_speed_of_the_machine_is_divided_out() -> None:
    scaled, factors = at_one_speed([run(0, 1.0)], [run(1, 1.6)])
    assert factors == pytest.approx([1.0, 1.6])
    assert [each["costs"][CPU] for each in scaled] == pytest.approx([0.010, 0.010])


def test_a_run_without_the_measure_leaves_all_as_they_are() -> None:
    runs = [run(0, 1.0), run(1, 1.6, reference_work_s=None)]
    assert at_one_speed(runs[:1], runs[1:]) == (runs, [])


def test_a_balancer_with_other_work_does_not_count() -> None:
    """Replies in many more parts cost the balancer more; the machine is as fast as before."""
    b = [run(at, 1.0, balancer_cpu_s_per_turn=0.00250) for at in (2, 3)]
    _, factors = at_one_speed([run(0, 1.0), run(1, 1.0)], b)
    assert factors == pytest.approx([1.0] * 4)


def test_a_balancer_that_varies_on_both_sides_counts() -> None:
    """Runs in which it was 15 % faster and slower than the fixed work are no other work of it."""
    a, b = (
        [run(at, 1.0, balancer_cpu_s_per_turn=0.00125 * by) for by in (0.85, 1.15)] for at in (0, 1)
    )
    _, factors = at_one_speed(a, b)
    assert factors == pytest.approx([0.85**0.5, 1.15**0.5] * 2)


def test_a_dearer_release_is_found_on_a_machine_that_changes_its_speed() -> None:
    speeds = [1.0, 1.5, 0.9, 1.4, 1.2, 1.0, 1.6, 1.1, 1.3, 0.95]
    runs = [run(at, slow, 1.10 if at % 4 in (1, 2) else 1.0) for at, slow in enumerate(speeds)]
    sides = [[each for each in runs if runs.index(each) % 4 in turn] for turn in ((0, 3), (1, 2))]
    found = compare(of_results(sides[0], "A"), of_results(sides[1], "B"))
    (cpu,) = (each for each in found.changes if each.key == "cpu_per_turn")
    assert cpu.word is Word.WORSE
    (speed,) = (each for each in found.differences if each.key == "machine_speed")
    assert (speed.a, speed.b) == ("1.00 to 1.40", "0.90 to 1.60")


def test_an_inconclusive_run_has_no_part_in_the_speed() -> None:
    """It may be broken: its measure must neither be asked for nor shift those of the others."""
    broken = {**run(2, 9.0, reference_work_s=None), "verdict": "INCONCLUSIVE"}
    a, b = [run(0, 1.0), broken, run(4, 1.2)], [run(1, 1.5), run(3, 1.1)]
    found = compare(of_results(a, "A"), of_results(b, "B"))
    (speed,) = (each for each in found.differences if each.key == "machine_speed")
    assert (speed.a, speed.b) == ("1.00 to 1.20", "1.10 to 1.50")
    (cpu,) = (each for each in found.changes if each.key == "cpu_per_turn")
    assert cpu.a == pytest.approx(0.010)
    assert cpu.b == pytest.approx(0.010)
