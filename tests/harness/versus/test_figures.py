"""The primary figures of the pairs so far."""

from __future__ import annotations

import io
from typing import Any

import pytest

from harness.versus import figures
from harness.versus.flow import Finished, Played
from harness.versus.progress import VersusProgress
from harness.versus.rules import as_needed
from reports.comparison.disturbance import STRICTER
from reports.comparison.versus_file import Look, Pair


def result(second: int, cpu: float | None, p50: float = 0.1) -> dict[str, Any]:
    """The parts of a `result.json` that are read here."""
    return {
        "verdict": "GO",
        "headline": "",
        "seed": 7,
        "started": f"2026-11-27T10:00:{second:02d}+00:00",
        "costs": {"replica_cpu_s_per_turn": cpu},
        "latency": {"steady": {"p50": p50}},
        "faults": [],
    }


def pairs(*ratios: float | None) -> list[Finished]:
    """Pairs with this CPU of B for each second of A; p50 is the same."""
    return [
        Finished(
            Pair(number=number, order="AB", seconds=60.0),
            result(4 * number, 1.0),
            result(4 * number + 1, ratio),
        )
        for number, ratio in enumerate(ratios, 1)
    ]


def test_a_figure_is_read_as_the_comparison_reads_it() -> None:
    found = figures.primaries(pairs(1.1, 1.1, 1.1))
    assert list(found) == ["cpu_per_turn", "p50"]
    assert found["cpu_per_turn"].estimate.ratio == pytest.approx(1.1)
    assert found["p50"].estimate.ratio == pytest.approx(1.0)


def test_a_figure_that_one_run_has_not_measured_is_left_out() -> None:
    assert list(figures.primaries(pairs(1.1, None, 1.1))) == ["p50"]


def test_the_figures_decide_with_the_rule() -> None:
    decision = as_needed(0.05)(pairs(2.0, 2.01, 2.0))
    assert decision.look is not None
    assert decision.look.words == {"cpu_per_turn": "worse", "p50": "same"}
    assert decision.over == "every primary figure is decided by 3 pairs, on strong evidence"
    assert as_needed(0.05)(pairs(2.0, 2.01)).over == ""


def test_the_main_figure_has_an_interval_from_two_pairs_on() -> None:
    assert figures.main_figure([]) == ""
    assert figures.main_figure(pairs(1.25)) == "Replica CPU a turn: B is 1.250 × A"
    said = figures.main_figure(pairs(1.24, 1.26))
    assert said.startswith("Replica CPU a turn: B is 1.250 × A (")


def test_the_progress_names_the_pair_the_side_the_figure_and_the_time_left() -> None:
    stream = io.StringIO()
    progress = VersusProgress(4, 30.0, figures.main_figure, stream)
    progress.begin(1, 1, "A", second=False)
    assert "pair 1 of 4, run 1 of 2: A   at most 30 min left   starts" in stream.getvalue()
    progress.said("  12 s  steady   9.9 turns/s")  # within ten seconds: not shown
    assert "steady" not in stream.getvalue()
    progress.ended("A", Played("A/run", result(0, 1.0), seconds=61.0))
    assert "pair 1 of 4, run 1 of 2: A: GO in 61 s" in stream.getvalue()
    (first,) = pairs(1.25)
    progress.finished([first], first.pair)
    assert "1 pair: Replica CPU a turn: B is 1.250 × A" in stream.getvalue()
    progress._next = 0.0
    progress.begin(2, 1, "B", second=False)
    assert (
        stream.getvalue()
        .splitlines()[-1]
        .endswith(
            "pair 2 of 4, run 1 of 2: B   about 3 min left   "
            "Replica CPU a turn: B is 1.250 × A   starts"
        )
    )


def test_the_progress_says_how_many_pairs_are_needed_and_which_do_not_count() -> None:
    stream = io.StringIO()
    progress = VersusProgress(None, 30.0, figures.main_figure, stream)
    finished = pairs(1.1, 1.2, 1.0)
    progress.finished(finished, finished[-1].pair)
    progress.looked(Look(pairs=3, words={}, needed=9))
    progress.looked(Look(pairs=3, words={}, needed=90))
    progress.looked(Look(pairs=3, words={}, needed=None))
    progress.finished([], Pair(number=4, order="BA", left_out="B: the run was INCONCLUSIVE: why"))
    assert "needs about 9 pairs by the spread of these\n" in stream.getvalue()
    # 30 minutes are left, and a pair takes one.
    assert "needs about 90 pairs by the spread of these; the time allows about 3" in (
        stream.getvalue()
    )
    assert "needs more than 200 pairs" in stream.getvalue()
    assert "pair 4 does not count: B: the run was INCONCLUSIVE: why" in stream.getvalue()


def beside(finished: list[Finished], a: float, b: float) -> list[Finished]:
    """The pairs, beside which others used so many percent of the processors."""
    for each in finished:
        each.a["generator"] = {"foreign_cpu_percent": a}
        each.b["generator"] = {"foreign_cpu_percent": b}
    return finished


def test_beside_others_the_evidence_that_ends_the_pairs_is_that_of_the_comparison() -> None:
    free = figures.primaries(beside(pairs(1.1, 1.2, 1.15), 1.0, 1.0))["cpu_per_turn"]
    busy = figures.primaries(beside(pairs(1.1, 1.2, 1.15), 60.0, 60.0))["cpu_per_turn"]
    assert (free.stricter, busy.stricter) == (1.0, STRICTER)
    assert busy.level == pytest.approx(free.level / STRICTER)
    assert not busy.uneven


def test_pairs_in_which_one_side_was_disturbed_more_are_not_enough() -> None:
    decision = as_needed(0.05)(beside(pairs(2.0, 2.01, 2.0), 1.0, 60.0))
    assert decision.over == ""
    assert decision.look == Look(
        pairs=3, words={"cpu_per_turn": "undecided", "p50": "undecided"}, uneven=True
    )
    stream = io.StringIO()
    progress = VersusProgress(None, 30.0, figures.main_figure, stream)
    progress.looked(decision.look)
    assert "other processes disturb one side more" in stream.getvalue()
