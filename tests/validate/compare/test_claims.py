"""The proof finds what is planted into drawn pairs, and nothing where nothing is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from reports.comparison.model import Word
from tests.validate.compare import planted
from tests.validate.compare.claims import Line, power_of_cpu, quiet_and_shared
from tests.validate.compare.drawn import SHAPES, drawn
from tests.validate.compare.judged import (
    Judge,
    alarmed,
    continuity_first,
    machine_figures_silent,
    others_compared,
    says,
    with_seeds,
)
from tests.validate.compare.recorded import Pair, Run
from tests.validate.compare.resampled import SMOOTHING, resampled, spreads
from tests.validate.compare.table import BEGIN, END, markdown, text, update

A_RESULT: dict[str, Any] = {
    "schema_version": 1,
    "name": "a run",
    "started": "2026-01-01T00:00:00Z",
    "verdict": "GO",
    "exit_code": 0,
    "gates": [
        {"name": "continuity.lost", "title": "Lost", "phase": "run", "value": 0, "limit": 0,
         "unit": "turns", "status": "pass", "summary": "", "evidence": []},
    ],
    "continuity": {"lost": 0},
    "latency": {"steady": {"count": 300, "p50": 0.16, "p99": 0.25}},
    "costs": {
        "replica_cpu_s_per_turn": 0.011,
        "redis_cpu_s_per_turn": 0.0004,
        "redis_bytes_per_session": 5000.0,
        "redis_trips_per_turn": 2.0,
        "redis_bytes_per_turn": 3000.0,
    },
    "error_budget": {"spent": 0.0},
    "faults": [],
    "environment": {"machine": "0123456789ab"},
    "profile": {"name": "short"},
    "memory": {"ttl_seconds": 2.5},
    "timeline": {},
    "seed": 1,
}  # fmt: skip


def a_judge(spread: float = 0.005, count: int = 6) -> Judge:
    return Judge(drawn(A_RESULT, "normal", spread, count), most=30)


def test_pairs_without_a_difference_raise_no_alarm() -> None:
    judge = a_judge()
    (alarms,) = judge.shares(judge.pairings(5), [alarmed])
    assert (alarms.value, alarms.blocks) == (0, 1)


@pytest.mark.parametrize(
    ("plant", "keys"),
    [
        (planted.cpu(1.1), ["cpu_per_turn"]),
        (planted.slower(1.1), ["p50", "p99"]),
        (planted.later(0.016), ["p50"]),
    ],
)
def test_a_planted_change_is_found_in_its_figure_alone(
    plant: planted.Plant, keys: list[str]
) -> None:
    judge, others = a_judge(), planted.FIGURES.keys() - {*keys, "p99"}
    found, wrong, elsewhere = judge.shares(
        judge.pairings(5),
        [says(Word.WORSE, keys), says(Word.BETTER, keys), says(Word.WORSE, others)],
        plant,
    )
    assert (found.value, wrong.value, elsewhere.value) == (1, 0, 0)


def test_a_planted_gain_is_called_better() -> None:
    judge = a_judge()
    (found,) = judge.shares(
        judge.pairings(5), [says(Word.BETTER, ["cpu_per_turn"])], planted.cpu(1 / 1.1)
    )
    assert found.value == 1


def test_a_planted_loss_comes_before_a_gain() -> None:
    judge = a_judge()
    made = judge.pairings(5)
    with_loss = judge.shares(
        made, [continuity_first], lambda result: planted.losing(planted.cpu(0.7)(result))
    )
    without = judge.shares(made, [continuity_first], planted.cpu(0.7))
    assert (with_loss[0].value, without[0].value) == (1, 0)


def test_a_baseline_of_another_machine_is_silent_on_time_only() -> None:
    judge = a_judge()
    statements = [machine_figures_silent, others_compared]
    elsewhere = judge.shares(judge.pairings(5), statements, reference=planted.elsewhere)
    here = judge.shares(judge.pairings(5), statements)
    assert [each.value for each in elsewhere] == [1, 1]
    assert here[0].value == 0


def test_a_service_at_its_limit_fails_every_other_run() -> None:
    runs = [
        run for pair in drawn(A_RESULT, "normal", 0.01, 100) for run in (pair.first, pair.second)
    ]
    failed = [planted.at_its_limit(run.result)["verdict"] == "NO-GO" for run in runs]
    assert 0.35 < sum(failed) / len(failed) < 0.65


def test_pairs_of_two_machines_are_not_compared_with_each_other() -> None:
    pairs = drawn(A_RESULT, "normal", 0.01, 8)
    moved = [_moved(pair) if pair.number > 5 else pair for pair in pairs]
    judge = Judge(moved, most=1_000)
    assert judge.blocks(3) == 2
    assert {frozenset(place > 4 for place in each.pairs) for each in judge.pairings(3)} == {
        frozenset({True}),
        frozenset({False}),
    }


def _moved(pair: Pair) -> Pair:
    first, second = (
        structs.replace(run, result=planted.elsewhere(run.result))
        for run in (pair.first, pair.second)
    )
    return structs.replace(pair, first=first, second=second)


def test_pairs_get_seeds_of_their_own() -> None:
    pairs = with_seeds(drawn(A_RESULT, "normal", 0.01, 3))
    assert [
        (pair.first.result["seed"], pair.second.result["seed"]) for pair in pairs
    ] == [(1, 1), (2, 2), (3, 3)]  # fmt: skip


def test_windows_hold_neighbouring_pairs() -> None:
    for each in a_judge().windows(3):
        first, *_, last = each.pairs
        assert last - first == 2


@pytest.mark.parametrize("shape", SHAPES)
def test_drawn_pairs_differ_by_about_their_spread(shape: str) -> None:
    pairs = drawn(A_RESULT, shape, 0.02, 50)
    ratios = [
        pair.second.result["costs"]["replica_cpu_s_per_turn"]
        / pair.first.result["costs"]["replica_cpu_s_per_turn"]
        for pair in pairs
    ]
    middle = sorted(abs(ratio - 1) for ratio in ratios)[25]
    assert 0.005 < middle < 0.06


def test_resampled_pairs_spread_like_the_recorded_ones() -> None:
    pairs = drawn(A_RESULT, "normal", 0.02, 40)
    (again,) = resampled(pairs, 1)
    smoothed = 0.02 * (1 + SMOOTHING**2) ** 0.5
    assert spreads(pairs)["p50"] == pytest.approx(0.02, rel=0.35)
    assert spreads(again)["p50"] == pytest.approx(smoothed, rel=0.45)
    assert len({pair.first.result["latency"]["steady"]["p50"] for pair in again}) == len(pairs)


def test_resampled_pairs_are_compared_as_pairs() -> None:
    (again,) = resampled(drawn(A_RESULT, "normal", 0.005, 5), 1)
    judge = Judge(again, most=30)
    (found,) = judge.shares(
        judge.pairings(5), [says(Word.WORSE, ["cpu_per_turn"])], planted.cpu(1.1)
    )
    assert found.value == 1


def test_the_table_replaces_that_of_the_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}old\n{END}after\n")
    judge = a_judge()
    (alarms,) = judge.shares(judge.pairings(5), [alarmed])
    lines = [Line("no alarms", 5, alarms, "≤ 2%", True), Line("told", 0, None, "", None, "why")]
    update(page, lines)
    assert page.read_text() == f"before\n{BEGIN}{markdown(lines)}{END}after\n"
    assert "| no alarms | 5 | 0.00% of 30" in page.read_text()
    assert text(lines[0]).startswith("✓ no alarms [5 pairs]: 0.00% of 30")
    assert text(lines[1]) == "· told; why"


def test_a_page_without_a_place_for_the_table_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing here\n")
    with pytest.raises(ValueError, match=r"page\.md: must hold"):
        update(page, [])


def _measured(pairs: list[Pair], *, speed: bool, course: bool) -> list[Pair]:
    """The pairs as if this had been measured in them."""

    def run(before: Run) -> Run:
        costs = {**before.result["costs"], "reference_work_s": 0.0005 if speed else None}
        seconds = {"work": [500.0]} if course else {}
        return structs.replace(before, result={**before.result, "costs": costs}, course=seconds)

    return [structs.replace(p, first=run(p.first), second=run(p.second)) for p in pairs]


def test_the_claim_on_cpu_is_about_the_pairs_that_hold_their_course() -> None:
    """Pairs of a wild series without a course are told of, and do not break the claim."""
    wild, calm = (drawn(A_RESULT, "normal", spread, 5) for spread in (0.2, 0.005))
    plain = _measured(wild, speed=False, course=False)
    with_speed = _measured(wild, speed=True, course=False)
    with_course = _measured(calm, speed=True, course=True)

    def told(pairs: list[Pair]) -> list[tuple[str, bool, bool | None]]:
        found = power_of_cpu(pairs, lambda judge, size: judge.disjoint(size), "", with_seeds)
        return [(line.what.rpartition(", ")[2], "≥" in line.limit, line.kept) for line in found]

    assert told([*plain, *with_speed, *with_course]) == [
        ("pairs without a course", False, True),
        ("pairs with a course", True, True),
    ]
    # Where none holds its course, the claim is about the next best, and is not kept.
    assert told([*plain, *with_speed]) == [("pairs without a course", True, False)]
    # Pairs without the speed of the machine are compared as no pair is today.
    assert told(plain) == []


def test_a_pair_beside_others_is_not_a_quiet_one() -> None:
    def runs(pair: int, series: str, *others: float | None) -> list[Run]:
        (drawn_pair,) = drawn(A_RESULT, "normal", 0.01, 1)
        both = zip((drawn_pair.first, drawn_pair.second), others, strict=True)
        return [structs.replace(run, series=series, pair=pair, others=o) for run, o in both]

    played = [
        *runs(1, "quiet", 0.01, 0.05),
        *runs(2, "quiet", 0.01, 0.06),
        *runs(3, "quiet", None, None),
        *runs(1, "shared", 0.01, 0.01),
    ]
    quiet, shared = quiet_and_shared(played)
    assert [pair.number for pair in quiet] == [1, 3]
    assert [(pair.first.series, pair.number) for pair in shared] == [("shared", 1), ("quiet", 2)]
