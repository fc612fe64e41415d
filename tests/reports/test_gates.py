"""Latency, recovery and errors: each gate passes, fails and is unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.measures.recovery import impacts
from reports.records import Outcome, Status
from tests.reports.a_run import Run
from tests.reports.gated import busy, judge

# Latency


def test_a_fast_steady_state_passes(tmp_path: Path) -> None:
    finding = judge(busy(), tmp_path, "latency.steady_p99")
    assert finding.status is Status.PASS
    assert finding.value == pytest.approx(0.2)


def test_a_slow_steady_state_fails(tmp_path: Path) -> None:
    assert judge(busy(took=2.5), tmp_path, "latency.steady_p99").status is Status.FAIL


def test_three_slow_turns_in_three_hundred_are_beyond_the_p99(tmp_path: Path) -> None:
    run = busy(conversations=99)
    for start in (50.0, 55.0, 60.0):
        run.conversation(start=start).turn(took=9.0)
    finding = judge(run, tmp_path, "latency.steady_p99")
    assert finding.status is Status.PASS
    assert finding.sample is not None
    assert (finding.sample.n, finding.sample.high) == (300, None)
    assert finding.sample.judged_as == "p99"


@pytest.mark.parametrize("conversations", [10, 33, 66])
def test_with_few_turns_the_slowest_is_gated_instead_of_a_p99(
    tmp_path: Path, conversations: int
) -> None:
    run = busy(conversations=conversations)
    finding = judge(run, tmp_path, "latency.steady_p99")
    assert finding.status is Status.PASS
    assert finding.sample is not None
    assert finding.sample.judged_as == "slowest"
    run.conversation(start=50.0).turn(took=9.0)
    finding = judge(run, tmp_path, "latency.steady_p99")
    assert finding.status is Status.UNKNOWN  # one straggler convicts nobody
    assert finding.value == pytest.approx(9.0)
    assert "too few for a p99" in finding.summary
    assert "too few turns to tell" in finding.summary


def test_a_large_steady_state_just_beyond_the_limit_is_not_convicted_yet(tmp_path: Path) -> None:
    run = busy(conversations=333)
    for number in range(12):
        run.conversation(start=50.0 + number).turn(took=2.05)
    finding = judge(run, tmp_path, "latency.steady_p99")
    assert finding.status is Status.UNKNOWN
    assert finding.value == pytest.approx(2.05)
    for number in range(10):
        run.conversation(start=50.0 + number).turn(took=2.05)
    finding = judge(run, tmp_path, "latency.steady_p99")
    assert finding.status is Status.FAIL
    assert finding.sample is not None
    assert finding.sample.low == pytest.approx(2.05)


@pytest.mark.parametrize(("turns", "status"), [(1, Status.UNKNOWN), (5, Status.PASS)])
def test_a_steady_state_of_one_turn_proves_nothing(
    tmp_path: Path, turns: int, status: Status
) -> None:
    run = Run()
    for number in range(turns):
        run.conversation(start=10.0 + number).turn()
    assert judge(run, tmp_path, "latency.steady_p99").status is status


@pytest.mark.parametrize(("turns", "status"), [(12, Status.PASS), (1, Status.PASS)])
def test_a_fault_with_few_turns_is_judged_by_the_slowest(
    tmp_path: Path, turns: int, status: Status
) -> None:
    run = busy()
    run.fault("kill-redis", 60.5, 62.0)
    for _ in range(turns):
        run.conversation(start=61.0).turn(took=0.5)
    finding = judge(run, tmp_path, "latency.fault_p99")
    assert finding.status is status
    assert f"slowest of {turns} turns" in finding.summary


def test_a_turn_late_before_a_fault_began_belongs_to_the_steady_state_too(tmp_path: Path) -> None:
    run = busy()
    for start in (15.0, 15.2, 15.4, 15.6, 15.8, 16.0):
        run.conversation(start=start).turn(took=6.0)
    assert judge(run, tmp_path, "latency.steady_p99").status is Status.FAIL
    run.fault("kill-redis", 20.0, 22.0)
    finding = judge(run, tmp_path, "latency.steady_p99")
    assert finding.status is Status.FAIL  # the fault hides none of them
    assert finding.value == pytest.approx(5.0)  # how long they had waited when it began


def test_a_turn_that_a_fault_made_late_is_the_fault_s_alone(tmp_path: Path) -> None:
    run = busy()
    run.fault("kill-redis", 20.0, 22.0)
    for _ in range(4):
        run.conversation(start=18.5).turn(took=6.0)
    assert judge(run, tmp_path, "latency.steady_p99").status is Status.PASS


def test_the_warm_up_has_a_limit_of_its_own(tmp_path: Path) -> None:
    run = busy()
    for _ in range(3):
        run.conversation(start=1.0).turn(took=11.0)
    assert judge(run, tmp_path, "latency.warmup_p99").status is Status.PASS
    for _ in range(3):
        run.conversation(start=1.0).turn(took=13.0)
    assert judge(run, tmp_path, "latency.warmup_p99").status is Status.FAIL
    assert judge(run, tmp_path, "latency.steady_p99").status is Status.PASS


def test_a_recovery_has_a_limit_of_its_own(tmp_path: Path) -> None:
    run = busy()
    run.fault("kill-redis", 20.0, 22.0)
    for _ in range(4):
        run.conversation(start=22.5).turn(took=13.0)
    finding = judge(run, tmp_path, "latency.recovery_p99")
    assert (finding.status, finding.phase) == (Status.FAIL, "recovery:kill-redis-1")
    assert judge(run, tmp_path, "latency.fault_p99").status is Status.PASS


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
    assert judge(run, tmp_path, "latency.fault_p99").status is Status.UNKNOWN
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


def test_refusals_without_any_answer_are_no_short_outage(tmp_path: Path) -> None:
    run = Run()
    for start in (10.0, 14.0):
        run.conversation(start=start).turn(outcome=Outcome.FAIL, took=0.02)
    finding = judge(run, tmp_path, "latency.outage")
    assert finding.status is Status.UNKNOWN
    assert finding.value == pytest.approx(4.02)
    assert finding.summary.endswith("no turn was answered")
    run.conversation(start=30.0).turn(outcome=Outcome.FAIL, took=0.02)
    assert judge(run, tmp_path, "latency.outage").status is Status.FAIL


def test_an_outage_that_never_ended_lasts_until_the_last_turn(tmp_path: Path) -> None:
    run = Run()
    run.conversation(start=5.0).turn()
    for start in (10.0, 20.0, 30.0):
        run.conversation(start=start).turn(outcome=Outcome.FAIL, took=0.02)
    finding = judge(run, tmp_path, "latency.outage")
    assert finding.status is Status.FAIL
    assert finding.value == pytest.approx(20.02)
    assert "conversation 1: stuck 20.02 s until 30.02 s" in finding.evidence[0]


def test_a_refused_customer_is_no_outage_while_others_are_answered(tmp_path: Path) -> None:
    run = Run()
    run.conversation(start=10.0).turn(outcome=Outcome.FAIL, took=0.02)
    run.conversation(start=40.0).turn(took=0.2)
    finding = judge(run, tmp_path, "latency.outage")
    assert finding.status is Status.PASS
    assert finding.value == pytest.approx(0.2)


def test_a_fault_in_which_nothing_was_answered_shows_no_outage(tmp_path: Path) -> None:
    run = Run()
    run.fault("kill-redis", 40.0, 45.0)
    run.conversation(start=41.0).turn(outcome=Outcome.FAIL, took=0.02)
    (impact,) = impacts(run.history(tmp_path))
    assert impact.worst_outage_s is None


def test_a_finding_names_its_phase_in_words(tmp_path: Path) -> None:
    run = Run()
    run.fault("kill-redis", 40.0, 45.0)
    for start in (20.0, 41.0, 46.0):
        run.conversation(start=start).turn()
    for name, phase, words in (
        ("latency.steady_p99", "steady", "in the steady state"),
        ("latency.fault_p99", "fault:kill-redis-1", "during kill-redis-1"),
        ("latency.recovery_p99", "recovery:kill-redis-1", "after kill-redis-1"),
    ):
        finding = judge(run, tmp_path, name, phase)
        assert f"slowest of 1 turns {words} (too few for a p99)" in finding.summary


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
    for start in (20.5, 24.0, 26.0, 28.0, 30.0, 32.0, 34.0, 36.0):
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


@pytest.mark.parametrize(
    ("bad", "turns", "status"),
    [
        (0, 3000, Status.PASS),
        (3, 3000, Status.PASS),
        (4, 3000, Status.UNKNOWN),
        (8, 3000, Status.FAIL),
        (0, 100, Status.PASS),
        (1, 100, Status.UNKNOWN),
        (2, 100, Status.FAIL),
    ],
)
def test_the_error_rate_counts_refused_and_unknown_turns(
    tmp_path: Path, bad: int, turns: int, status: Status
) -> None:
    run = Run()
    for number in range(turns):
        outcome = [Outcome.FAIL, Outcome.INFO][number % 2] if number < bad else Outcome.OK
        run.conversation().turn(outcome=outcome)
    finding = judge(run, tmp_path, "errors.rate")
    assert finding.status is status
    assert finding.value == bad / turns
    assert finding.sample is not None
    assert finding.sample.judged_as == ("share" if turns == 3000 else "none")


def test_a_run_without_turns_has_no_error_rate(tmp_path: Path) -> None:
    assert judge(Run(), tmp_path, "errors.rate").status is Status.UNKNOWN
