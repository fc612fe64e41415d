"""Runs are grouped by set-up, and nothing is compared across machines and loads."""

from __future__ import annotations

import pytest

from reports.history import change_points
from reports.history.build import NOT_INSTALLED, build
from reports.history.model import Hint
from tests.reports.history.a_folder import a_result, placed, stepped


def hints(results: list[dict[str, object]]) -> tuple[Hint, ...]:
    """The hints of the only set-up."""
    (group,) = build("runs", placed(results), ()).groups
    return group.hints


def test_runs_are_in_the_order_of_their_starts() -> None:
    (group,) = build("runs", placed([a_result(3), a_result(1), a_result(2)]), ()).groups
    assert [run.started[8:10] for run in group.runs] == ["01", "02", "03"]


def test_an_artefact_that_was_downloaded_again_is_listed_once() -> None:
    history = build("runs", [("a", a_result(1)), ("b", a_result(1))], ())
    assert [len(group.runs) for group in history.groups] == [1]


def test_another_session_service_is_another_group_and_the_latest_comes_first() -> None:
    other = a_result(2)
    other["environment"]["sessions"] = "adk-redis"
    first, second = build("runs", placed([a_result(1), other]), ()).groups
    assert (first.set_up["sessions"], second.set_up["sessions"]) == ("adk-redis", "redis")


def test_a_row_has_the_key_figures() -> None:
    (group,) = build(
        "runs", placed([a_result(1, p99=0.5, cpu=0.03, redis_bytes=2000.0)]), ()
    ).groups
    assert group.runs[0].figures == {
        "p99": 0.5,
        "cpu_per_turn": 0.03,
        "redis_bytes_per_turn": 2000.0,
        "recovery": 2.13,
    }


def test_a_run_without_costs_has_no_such_figures() -> None:
    result = a_result(1)
    del result["costs"]
    (group,) = build("runs", placed([result]), ()).groups
    assert group.runs[0].figures["cpu_per_turn"] is None


def test_the_recovery_is_not_known_where_a_fault_has_none() -> None:
    result = a_result(1)
    next(gate for gate in result["gates"] if gate["name"] == "recovery.time")["value"] = None
    (group,) = build("runs", placed([result]), ()).groups
    assert group.runs[0].figures["recovery"] is None


def test_a_step_is_a_hint_that_names_the_run_and_the_new_versions() -> None:
    results = stepped(16, at=9, step=0.2)
    for result in results[9:]:
        result["environment"]["versions"]["redis-py"] = "8.2.0"
    (hint,) = hints(results)
    assert (hint.figure, hint.run) == ("p99", "20261110T133000Z-diwali-7")
    assert (hint.runs_before, hint.runs_after) == (9, 7)
    assert hint.ratio == pytest.approx(1.2, abs=0.03)
    assert hint.changed == ("redis-py 8.1.0 → 8.2.0",)


def test_a_new_machine_is_not_called_a_change() -> None:
    results = stepped(16, at=8, step=0.3)
    assert hints(results)
    for result in results[8:]:
        result["environment"]["machine"] = "b" * 12
    assert hints(results) == ()


def test_bytes_are_compared_across_machines() -> None:
    results = [a_result(n + 1, redis_bytes=2300.0 if n < 8 else 2500.0) for n in range(16)]
    for n, result in enumerate(results):
        result["environment"]["machine"] = f"{n:012x}"
    assert [hint.figure for hint in hints(results)] == ["redis_bytes_per_turn"]


def test_machines_of_old_runs_differ_by_their_description() -> None:
    results = stepped(16, at=8, step=0.3)
    for n, result in enumerate(results):
        del result["environment"]["machine"]
        result["environment"]["cores"] = 2 if n < 8 else 4
    assert hints(results) == ()


def test_another_load_is_not_called_a_change() -> None:
    results = stepped(16, at=8, step=0.3)
    for result in results[8:]:
        result["profile"]["duration_s"] = 210.0
    assert hints(results) == ()


def test_other_limits_are_the_same_load() -> None:
    results = stepped(16, at=8, step=0.3)
    for result in results[8:]:
        result["profile"]["slo"]["steady_p99_s"] = 0.5
    assert len(hints(results)) == 1


def test_an_inconclusive_run_is_left_out_of_the_search() -> None:
    results = stepped(16, at=8, step=0.3)
    results[8]["verdict"] = "INCONCLUSIVE"
    (hint,) = hints(results)
    assert (hint.run, hint.runs_after) == ("20261110T133000Z-diwali-7", 7)


def test_without_the_library_a_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change_points, "installed", lambda: False)
    history = build("runs", placed(stepped(16, at=8, step=0.3)), ())
    assert history.groups[0].hints == ()
    assert history.note == NOT_INSTALLED
    assert "diya[history]" in history.note
