"""Two sides of runs are compared: set-up first, then facts, then figures."""

from __future__ import annotations

import pytest

from reports.comparison.compare import compare
from reports.comparison.model import Change, Comparison, Difference, Fact, Word
from tests.reports.comparison.a_side import (
    costs,
    environment,
    gate,
    in_turns,
    result,
    side,
)

MACHINE = ("cpu_per_turn", "redis_us_per_turn", "p50", "p99", "outage:kill-redis-1")
ANYWHERE = ("bytes_per_session", "redis_trips_per_turn", "redis_bytes_per_turn")


def change(comparison: Comparison, key: str) -> Change:
    return next(each for each in comparison.changes if each.key == key)


def fact(comparison: Comparison, key: str) -> Fact:
    return next(each for each in comparison.facts if each.key == key)


def difference(comparison: Comparison, key: str) -> Difference:
    return next(each for each in comparison.differences if each.key == key)


def test_pairs_without_a_difference_are_the_same() -> None:
    found = compare(*in_turns(3))
    assert found.word is Word.SAME
    assert found.differences == ()
    assert {each.word for each in found.changes} == {Word.SAME}
    assert change(found, "cpu_per_turn").paired
    assert change(found, "cpu_per_turn").n == 3
    assert fact(found, "continuity").b == "0 in 3 runs"
    assert found.timelines["A"] == {"t": [0.0, 1.0]}


def test_dearer_turns_are_worse_and_cheaper_ones_better() -> None:
    dearer = compare(*in_turns(3, costs=costs(replica_cpu_s_per_turn=0.0125)))
    assert dearer.word is Word.WORSE
    assert change(dearer, "cpu_per_turn").ratio == pytest.approx(0.0125 / 0.0114)
    assert dearer.headline.startswith("B is worse: Replica CPU a turn +9.6 %")
    cheaper = compare(*in_turns(3, costs=costs(replica_cpu_s_per_turn=0.0100)))
    assert cheaper.word is Word.BETTER


def test_the_margin_can_be_set_for_all_figures_or_for_one() -> None:
    sides = in_turns(3, costs=costs(replica_cpu_s_per_turn=0.0117))
    assert compare(*sides).word is Word.WORSE
    assert compare(*sides, margin=0.05).word is Word.SAME
    assert compare(*sides, margin={"cpu_per_turn": 0.05}).word is Word.SAME
    assert compare(*sides, margin={"p50": 0.05}).word is Word.WORSE


def test_a_lost_turn_comes_before_every_figure() -> None:
    found = compare(
        *in_turns(
            3,
            costs=costs(replica_cpu_s_per_turn=0.005),
            verdict="NO-GO",
            gates=[gate("continuity.lost", "fail", 3.0), gate("continuity.duplicated")],
            continuity={"lost": 3},
        )
    )
    assert found.word is Word.WORSE
    assert found.facts[0].key == "continuity.lost"
    assert (found.facts[0].a, found.facts[0].b) == ("0 in 3 runs", "9 in 3 of 3 runs")
    assert found.headline == (
        "B is worse: Conversation context lost: 9 in 3 of 3 runs, in A 0 in 3 runs"
    )
    assert fact(found, "verdict").word is Word.WORSE


@pytest.mark.parametrize(
    ("of_a", "expected"), [(0, Word.WORSE), (1, Word.UNDECIDED), (5, Word.SAME)]
)
def test_a_violation_in_every_run_of_b_is_not_the_same_as_one_in_a_run_of_a(
    of_a: int, expected: Word
) -> None:
    lost = {
        "verdict": "NO-GO",
        "gates": [gate("continuity.lost", "fail", 1.0), gate("continuity.duplicated")],
        "continuity": {"lost": 1},
    }
    a, b = in_turns(5, **lost)
    a = side([{**each, **(lost if n < of_a else {})} for n, each in enumerate(a.results)])
    assert fact(compare(a, b), "continuity.lost").word is expected


def test_a_violation_out_of_sight_on_a_side_is_compared_with_nothing() -> None:
    hidden = [gate("continuity.lost", "unknown"), gate("continuity.duplicated")]
    found = compare(*in_turns(3, gates=hidden))
    assert fact(found, "continuity.lost").word is Word.NO_STATEMENT
    assert fact(found, "continuity.lost").b == "not visible"
    assert found.word is Word.SAME


def test_one_failed_limit_in_five_runs_is_undecided() -> None:
    a, b = in_turns(5)
    failed = [*b.results[0]["gates"][:2], gate("recovery.time", "fail", 20.0)]
    b = side([{**b.results[0], "verdict": "NO-GO", "gates": failed}, *map(dict, b.results[1:])])
    found = compare(a, b)
    assert fact(found, "recovery.time").word is Word.UNDECIDED
    assert fact(found, "recovery.time").b == "failed in 1 of 5 runs"
    assert fact(found, "verdict").b == "GO in 4 of 5, NO-GO in 1 of 5"
    assert found.word is Word.UNDECIDED


@pytest.mark.parametrize(
    ("pairs", "expected"), [(1, Word.UNDECIDED), (3, Word.UNDECIDED), (4, Word.WORSE)]
)
def test_a_limit_that_only_b_breaks_decides_from_four_pairs_on(pairs: int, expected: Word) -> None:
    found = compare(*in_turns(pairs, gates=[gate("recovery.time", "fail", 20.0)], verdict="NO-GO"))
    assert fact(found, "recovery.time").word is expected
    assert fact(found, "verdict").word is expected
    assert found.word is expected


def test_a_gate_that_proves_something_decides_in_one_run() -> None:
    evicted = result(1, gates=[gate("memory.evicted", "fail", 9.0)], verdict="NO-GO")
    found = compare(side([result(0, gates=[gate("memory.evicted")])]), side([evicted]))
    assert fact(found, "memory.evicted").word is Word.WORSE
    assert fact(found, "verdict").word is Word.WORSE


def test_another_machine_leaves_bytes_trips_and_facts() -> None:
    found = compare(
        *in_turns(
            3,
            environment=environment(machine="e01b77d2c345"),
            costs=costs(redis_bytes_per_turn=3000.0),
            gates=[
                gate("continuity.lost"),
                gate("recovery.time", "fail", 20.0),
                gate("latency.cost", "fail", 3.0),
            ],
            verdict="NO-GO",
        )
    )
    assert {change(found, key).word for key in MACHINE} == {Word.NO_STATEMENT}
    assert change(found, "p50").why == "A was played on another machine."
    assert change(found, "redis_bytes_per_turn").word is Word.WORSE
    assert change(found, "redis_trips_per_turn").word is Word.SAME
    assert fact(found, "recovery.time").word is Word.NO_STATEMENT
    assert fact(found, "latency.cost").word is Word.NO_STATEMENT
    assert fact(found, "verdict").word is Word.NO_STATEMENT
    assert difference(found, "environment.machine").forbids == "machine figures"
    assert "A was played on another machine" in found.headline


def test_runs_that_were_not_played_in_turns_say_nothing_of_the_machine() -> None:
    a, b = side([result(0), result(1)]), side([result(2), result(3)])
    found = compare(a, b)
    assert {change(found, key).word for key in MACHINE} == {Word.NO_STATEMENT}
    assert {change(found, key).word for key in ANYWHERE} == {Word.SAME}
    assert difference(found, "order").why.startswith("All of A was played before B: the machine")
    told = compare(a, b, same_machine=True)
    assert told.differences == ()
    assert {change(told, key).word for key in (*MACHINE, *ANYWHERE)} == {Word.SAME}
    assert not change(told, "p50").paired


def test_a_run_without_its_machine_says_nothing_of_the_machine() -> None:
    a, b = in_turns(2, environment={**environment(), "machine": None})
    found = compare(a, b)
    assert change(found, "p50").why == "Nothing records whether A and B were played on one machine."
    assert change(compare(a, b, same_machine=True), "p50").word is Word.SAME


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("profile", {"name": "smoke", "load": {"base_rate": 3.0}, "slo": {"steady_p99_s": 2.0}}),
        ("memory", {"ttl_seconds": 60.0}),
        ("sizing", {"factor": 0.5}),
        ("experiment", {"path": "smoke", "planned": []}),
        ("simulated", "runs/a"),
    ],
)
def test_another_load_allows_no_figure(key: str, value: object) -> None:
    found = compare(*in_turns(3, **{key: value}))
    assert {each.word for each in found.changes} == {Word.NO_STATEMENT}
    assert {each.forbids for each in found.differences} == {"all figures"}
    assert found.word is Word.NO_STATEMENT
    assert found.headline.startswith("No statement: ")


def test_other_versions_services_and_limits_forbid_nothing() -> None:
    other = environment(versions={"redis": "8.2.0"}, sessions="redis://user:secret@host/0")
    found = compare(
        *in_turns(
            3,
            environment=other,
            profile={"name": "s", "load": {"base_rate": 2.0}, "slo": {"steady_p99_s": 3.0}},
        )
    )
    assert {each.key for each in found.differences} == {
        "environment.versions.redis",
        "environment.sessions",
        "profile.name",
        "profile.slo.steady_p99_s",
    }
    assert {each.forbids for each in found.differences} == {"nothing"}
    assert difference(found, "environment.sessions").b == "redis://…@host/0"
    assert change(found, "p50").word is Word.SAME
    assert change(found, "errors").why == "The limits of A and B differ."


def test_one_run_a_side_shows_differences_only() -> None:
    found = compare(*in_turns(1, costs=costs(replica_cpu_s_per_turn=0.0228)))
    cpu = change(found, "cpu_per_turn")
    assert (cpu.word, cpu.low) == (Word.NO_STATEMENT, None)
    assert cpu.ratio == pytest.approx(2.0)
    assert found.word is Word.NO_STATEMENT
    assert found.headline == "No statement: One run a side has no spread"


def test_inconclusive_runs_are_left_out_with_their_pair_and_named() -> None:
    a, b = in_turns(4)
    broken = {**b.results[1], "verdict": "INCONCLUSIVE", "costs": costs(replica_cpu_s_per_turn=9.0)}
    b = side([broken, *(dict(each) for each in b.results if each["name"] != broken["name"])])
    found = compare(a, b)
    assert change(found, "cpu_per_turn").n == 3
    assert change(found, "cpu_per_turn").word is Word.SAME
    assert difference(found, "verdict").b == broken["name"]


def test_different_seeds_are_compared_unpaired_where_the_machine_does_not_matter() -> None:
    a, b = side([result(0, 1), result(3, 2)]), side([result(1, 3), result(2, 4)])
    found = compare(a, b)
    assert difference(found, "seed").a == "1, 2"
    assert not change(found, "redis_trips_per_turn").paired
    assert change(found, "p50").word is Word.NO_STATEMENT


def test_a_figure_of_zero_on_both_sides_is_the_same() -> None:
    assert change(compare(*in_turns(3)), "errors").word is Word.SAME
    rise = change(compare(*in_turns(3, error_budget={"spent": 0.5})), "errors")
    assert (rise.word, rise.a) == (Word.WORSE, 0.0)
    assert rise.ratio == pytest.approx(50.0)


def test_a_service_without_redis_makes_no_round_trips() -> None:
    trips = change(
        compare(*in_turns(3, costs=costs(redis_trips_per_turn=0.0))), "redis_trips_per_turn"
    )
    assert (trips.word, trips.b) == (Word.BETTER, 0.0)


def test_a_figure_that_one_side_lacks_has_no_statement() -> None:
    found = compare(*in_turns(3, costs=costs(redis_trips_per_turn=None)))
    assert change(found, "redis_trips_per_turn").why == "B was not measured."
    assert found.word is Word.SAME


def test_a_comparison_is_deterministic() -> None:
    a, b = in_turns(4, costs=costs(redis_bytes_per_turn=3000.0))
    shuffled = side([dict(each) for each in reversed(a.results)])
    assert compare(shuffled, b) == compare(a, b)
