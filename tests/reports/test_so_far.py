"""The result of a run that still lasts: what failed is said, what may still pass is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reports.records import Outcome
from reports.verdict import judge
from reports.verdict.so_far import FAILING, RUNNING, UNSOUND, InProgress, so_far
from tests.reports.a_run import Run


def half_played(**values: Any) -> Run:
    """A run of which forty conversations of a hundred have ended, without a blemish."""
    run = Run(arrivals=100, marks=["start", "phase:warmup", "phase:hold"], **values)
    for number in range(40):
        run.sound(start=10.0 + number / 4)
    return run


def test_a_sound_run_in_its_middle_is_running_and_not_inconclusive(tmp_path: Path) -> None:
    found = so_far(half_played().history(tmp_path))
    assert found.result["verdict"] == RUNNING
    assert found.result["headline"].startswith("Nothing has failed so far: ")
    assert found.failed == frozenset()
    assert found.waiting > 5
    gates = {gate["name"]: gate["status"] for gate in found.result["gates"]}
    assert gates["latency.outage"] == "pass"
    assert "validity.complete" not in gates
    assert "validity.arrivals" not in gates
    assert set(gates.values()) == {"pass"}


def test_a_fault_that_is_still_to_come_did_not_fail(tmp_path: Path) -> None:
    found = so_far(half_played(planned_faults=["kill-redis-1"]).history(tmp_path))
    assert found.result["verdict"] == RUNNING


def test_a_fault_that_did_not_take_hold_makes_the_run_unsound_at_once(tmp_path: Path) -> None:
    run = half_played()
    run.fault("kill-redis", 20.0, 22.0, took_hold=False, error="it went on")
    found = so_far(run.history(tmp_path))
    assert found.result["verdict"] == UNSOUND
    assert "kill-redis-1" in found.result["headline"]


def lost_turn() -> Run:
    """A run with a conversation whose acknowledged second turn is not in its session."""
    run = half_played()
    broken = run.conversation(start=20.0)
    broken.turn().turn().turn()
    broken.audit(history=[])
    return run


def test_a_lost_turn_is_a_no_go_before_the_end(tmp_path: Path) -> None:
    found = so_far(lost_turn().history(tmp_path))
    assert found.result["verdict"] == FAILING
    assert ("continuity.lost", "run") in found.failed
    assert found.result["reasons"][0] == found.result["headline"].partition(" (and ")[0]


def test_a_failure_that_begins_during_a_fault_waits_for_its_record(
    tmp_path: Path,
) -> None:
    history = lost_turn().history(tmp_path)
    during = so_far(history, [InProgress("power-loss-1", 19.0)])
    assert during.result["verdict"] == RUNNING
    assert [fault["id"] for fault in during.result["faults"]] == ["power-loss-1"]


def test_a_failure_from_before_a_fault_is_shown_during_it(tmp_path: Path) -> None:
    history = lost_turn().history(tmp_path)
    before = so_far(history).failed
    during = so_far(history, [InProgress("kill-redis-1", 30.0)], before)
    assert during.result["verdict"] == FAILING
    assert during.failed == before


def test_a_fault_that_was_recorded_meanwhile_is_in_progress_no_more(tmp_path: Path) -> None:
    run = lost_turn()
    run.fault("kill-redis", 20.0, 22.0)
    found = so_far(run.history(tmp_path), [InProgress("kill-redis-1", 20.0)])
    assert found.result["verdict"] == FAILING
    assert len(found.result["faults"]) == 1


def test_slow_turns_fail_their_limit_so_far(tmp_path: Path) -> None:
    run = half_played()
    for number in range(20):
        run.conversation(start=20.0 + number / 10).turn(took=9.0).audit()
    found = so_far(run.history(tmp_path))
    assert found.result["verdict"] == FAILING
    assert ("latency.steady_p99", "steady") in found.failed


def test_a_whole_run_passes_so_far_what_it_passes_at_its_end(tmp_path: Path) -> None:
    run = Run()
    for number in range(40):
        run.sound(start=10.0 + number / 4)
    assert so_far(run.history(tmp_path)).result["verdict"] == RUNNING


def test_turns_without_an_answer_fail_their_limit_so_far(tmp_path: Path) -> None:
    run = half_played()
    for number in range(20):
        failed = run.conversation(start=20.0 + number / 10)
        failed.turn(outcome=Outcome.FAIL, error="HTTP 500").audit(history=[])
    found = so_far(run.history(tmp_path))
    assert found.result["turns"]["failed"] == 20
    assert any(name == "errors.rate" for name, _ in found.failed)


def test_the_result_so_far_has_the_form_of_a_result_but_for_its_verdict(tmp_path: Path) -> None:
    result = so_far(half_played().history(tmp_path)).result
    judge.validate({**result, "verdict": "INCONCLUSIVE", "reasons": ["it still lasts"]})
