"""Latency, recovery and errors: each gate passes, fails and is unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.records import (
    Outcome,
    Status,
)
from tests.reports.a_run import Run
from tests.reports.gated import busy, judge

# Latency


def test_a_fast_steady_state_passes(tmp_path: Path) -> None:
    finding = judge(busy(), tmp_path, "latency.steady_p99")
    assert finding.status is Status.PASS
    assert finding.value == pytest.approx(0.2)


def test_a_slow_steady_state_fails(tmp_path: Path) -> None:
    assert judge(busy(took=2.5), tmp_path, "latency.steady_p99").status is Status.FAIL


def test_one_slow_turn_in_a_hundred_and_twenty_is_beyond_the_p99(tmp_path: Path) -> None:
    run = busy(conversations=66)
    run.conversation(start=50.0).turn(took=9.0)
    assert judge(run, tmp_path, "latency.steady_p99").status is Status.PASS


def test_with_few_turns_the_slowest_is_gated_instead_of_a_p99(tmp_path: Path) -> None:
    run = busy(conversations=10)
    run.conversation(start=50.0).turn(took=9.0)
    finding = judge(run, tmp_path, "latency.steady_p99")
    assert finding.status is Status.FAIL
    assert "too few for a p99" in finding.summary


def test_latency_counts_from_the_intended_time_not_from_the_sending(tmp_path: Path) -> None:
    run = Run()
    run.conversation().turn(at=10.0, sent=13.0, done=13.1)
    assert judge(run, tmp_path, "latency.steady_p99").value == pytest.approx(3.1)


def test_a_steady_state_without_turns_is_unknown(tmp_path: Path) -> None:
    run = Run()
    run.conversation(start=1.0).turn()
    assert judge(run, tmp_path, "latency.steady_p99").status is Status.UNKNOWN


def test_a_fault_has_a_limit_of_its_own(tmp_path: Path) -> None:
    run = busy()
    run.fault("kill-redis", 20.0, 22.0)
    run.conversation(start=20.5).turn(took=11.0)
    assert judge(run, tmp_path, "latency.fault_p99").status is Status.PASS
    run.conversation(start=20.5).turn(took=13.0)
    assert judge(run, tmp_path, "latency.fault_p99").status is Status.FAIL
    assert judge(run, tmp_path, "latency.steady_p99").status is Status.PASS


def test_a_fault_that_no_turn_met_proves_nothing(tmp_path: Path) -> None:
    run = Run()
    run.sound()
    run.fault("kill-redis", 40.0, 41.0)
    assert judge(run, tmp_path, "latency.fault_p99").status is Status.UNKNOWN


def test_a_fault_shorter_than_the_gap_between_turns_is_judged_by_its_recovery(
    tmp_path: Path,
) -> None:
    run = Run()
    run.conversation(start=41.5).turn()
    run.fault("kill-redis", 40.0, 41.0)
    assert judge(run, tmp_path, "latency.fault_p99").status is Status.PASS


@pytest.mark.parametrize(("start", "status"), [(41.5, Status.PASS), (44.0, Status.UNKNOWN)])
def test_a_fault_within_another_is_judged_by_the_turns_that_met_both(
    tmp_path: Path, start: float, status: Status
) -> None:
    run = Run()
    run.conversation(start=start).turn()
    run.fault("load-spike", 40.0, 45.0)
    run.fault("kill-redis", 41.0, 42.0)
    assert judge(run, tmp_path, "latency.fault_p99", "fault:load-spike-1").status is Status.PASS
    assert judge(run, tmp_path, "latency.fault_p99", "fault:kill-redis-1").status is status


def test_an_outage_lasts_from_the_first_unanswered_turn_to_the_next_answer(tmp_path: Path) -> None:
    run = Run()
    run.conversation().turn(at=10.0).turn(at=12.0, outcome=Outcome.INFO, took=8.0).turn(at=27.5)
    finding = judge(run, tmp_path, "latency.outage")
    assert finding.value == pytest.approx(27.7 - 12.0)
    assert finding.status is Status.FAIL
    assert "conversation 0" in finding.evidence[0]


def test_two_short_waits_of_one_customer_are_no_long_outage(tmp_path: Path) -> None:
    run = Run()
    run.conversation().turn(took=9.0).turn(took=9.0)
    assert judge(run, tmp_path, "latency.outage").value == pytest.approx(9.0)


# Recovery


def test_recovery_counts_from_the_healing_to_the_last_disturbed_turn(tmp_path: Path) -> None:
    run = busy()
    run.fault("kill-redis", 20.0, 22.0)
    run.conversation(start=20.5).turn(took=4.0, attempts=3)
    finding = judge(run, tmp_path, "recovery.time")
    assert finding.status is Status.PASS
    assert finding.value == pytest.approx(2.5)
    assert finding.phase == "fault:kill-redis-1"


def test_a_disturbance_that_goes_on_without_a_calm_stretch_still_is_the_fault_s(
    tmp_path: Path,
) -> None:
    run = busy()
    run.fault("kill-redis", 20.0, 22.0)
    for start in (20.5, 24.0, 28.0, 32.0, 36.0):
        run.conversation(start=start).turn(took=3.0, attempts=2)
    finding = judge(run, tmp_path, "recovery.time")
    assert finding.value == pytest.approx(17.0)
    assert finding.status is Status.FAIL


def test_a_stray_slow_turn_long_after_is_not_the_fault_s(tmp_path: Path) -> None:
    run = busy()
    run.fault("kill-redis", 20.0, 22.0)
    run.conversation(start=50.0).turn(took=3.0)
    assert judge(run, tmp_path, "recovery.time").value == 0


def test_a_target_that_never_came_back_fails(tmp_path: Path) -> None:
    run = busy()
    run.fault("kill-redis", 20.0, 22.0, recovered_at=None)
    assert judge(run, tmp_path, "recovery.time").status is Status.FAIL


def test_a_turn_caught_by_the_next_fault_is_the_next_fault_s(tmp_path: Path) -> None:
    run = busy()
    run.fault("restart-redis", 20.0, 22.0)
    run.fault("kill-redis", 26.0, 27.0)
    run.conversation(start=25.9).turn(took=4.0, attempts=2)
    assert judge(run, tmp_path, "recovery.time", "fault:restart-redis-1").value == 0
    assert judge(run, tmp_path, "recovery.time", "fault:kill-redis-1").value == pytest.approx(2.9)


# Errors


@pytest.mark.parametrize(("bad", "status"), [(0, Status.PASS), (1, Status.PASS), (2, Status.FAIL)])
def test_the_error_rate_counts_refused_and_unknown_turns(
    tmp_path: Path, bad: int, status: Status
) -> None:
    run = Run()
    for number in range(1000):
        outcome = [Outcome.FAIL, Outcome.INFO][number] if number < bad else Outcome.OK
        run.conversation().turn(outcome=outcome)
    assert judge(run, tmp_path, "errors.rate").status is status


def test_no_turns_have_no_error_rate(tmp_path: Path) -> None:
    assert judge(Run(), tmp_path, "errors.rate").status is Status.UNKNOWN
