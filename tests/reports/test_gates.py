"""Latency, recovery, errors, memory and validity: each gate passes, fails and is unknown."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from reports.checks import run_checks
from reports.checks.validity import check_validity
from reports.history import read
from reports.records import (
    ArrivalRange,
    Fate,
    Finding,
    LoadMark,
    Outcome,
    RecordWriter,
    Sample,
    Status,
)
from tests.reports.a_run import MIB, TTL, Run, redis_sample, redis_samples


def judge(run: Run, tmp_path: Path, gate: str, phase: str | None = None) -> Finding:
    """The one finding of that gate."""
    findings = [
        finding
        for finding in run_checks(run.history(tmp_path))
        if finding.check == gate and phase in (None, finding.phase)
    ]
    assert len(findings) == 1, findings
    return findings[0]


def busy(took: float = 0.2, conversations: int = 40) -> Run:
    """Forty conversations of three turns, spread over the load."""
    run = Run()
    for number in range(conversations):
        conversation = run.conversation(start=6.0 + number)
        conversation.turn(took=took).turn(took=took).turn(took=took).audit()
    return run


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


# Memory


def steady_load() -> Run:
    """3,000 turns over the load, 10 kB each while they live."""
    run = Run()
    for number in range(3000):
        run.conversation(start=number * 59 / 3000).turn()
    run.samples = [scaled(sample, 10.0) for sample in redis_samples(run)]
    return run


def scaled(sample: Sample, factor: float) -> Sample:
    used = sample.values["used_memory"] - 2 * MIB
    return Sample(
        sample.t, sample.source, {**sample.values, "used_memory": 2 * MIB + factor * used}
    )


def changed(a_run: Run, since: float, **values: float) -> None:
    """Let every sample of Redis from `since` on hold these values."""
    assert a_run.samples is not None
    a_run.samples = [
        Sample(s.t, s.source, {**s.values, **values}) if s.t >= since else s for s in a_run.samples
    ]


def test_memory_that_follows_the_ttl_passes_every_gate(tmp_path: Path) -> None:
    run = steady_load()
    for gate in ("memory.baseline", "memory.bounded", "memory.ttl", "memory.evicted"):
        assert judge(run, tmp_path, gate).status is Status.PASS, gate


def test_memory_that_only_grows_is_not_bounded_and_does_not_come_back(tmp_path: Path) -> None:
    run = steady_load()
    done = [turn.done for c in run.conversations for turn in c.turns]
    run.samples = [
        redis_sample(float(t), 2 * MIB + 10_000.0 * sum(d <= t for d in done))
        for t in range(-3, 94)
    ]
    assert judge(run, tmp_path, "memory.bounded").status is Status.FAIL
    assert judge(run, tmp_path, "memory.baseline").status is Status.FAIL


def test_memory_may_follow_a_load_that_is_not_constant(tmp_path: Path) -> None:
    run = Run()
    for number in range(3000):
        run.conversation(start=59 * (number / 3000) ** 0.3).turn()
    run.samples = [scaled(sample, 10.0) for sample in redis_samples(run)]
    assert judge(run, tmp_path, "memory.bounded").status is Status.PASS


def test_the_buffers_of_clients_and_of_the_aof_are_no_sessions(tmp_path: Path) -> None:
    run = steady_load()
    assert run.samples is not None
    run.samples = [
        Sample(
            s.t,
            s.source,
            {
                **s.values,
                "used_memory": s.values["used_memory"] + 90 * MIB,
                "mem_clients_normal": 60.0 * MIB,
                "mem_aof_buffer": 30.0 * MIB,
            },
        )
        if s.t > 40
        else s
        for s in run.samples
    ]
    assert judge(run, tmp_path, "memory.bounded").status is Status.PASS
    assert judge(run, tmp_path, "memory.baseline").status is Status.PASS


def test_a_handful_of_turns_is_bounded_when_redis_hardly_grew_and_unknown_when_it_did(
    tmp_path: Path,
) -> None:
    run = Run()
    run.sound()
    assert judge(run, tmp_path, "memory.bounded").status is Status.PASS
    run.samples = [scaled(sample, 1000.0) for sample in redis_samples(run)]
    assert judge(run, tmp_path, "memory.bounded").status is Status.UNKNOWN


def test_a_key_without_a_ttl_at_any_one_time_fails(tmp_path: Path) -> None:
    run = steady_load()
    changed(run, 30.0, persistent_keys=3.0)
    changed(run, 31.0, persistent_keys=0.0)
    finding = judge(run, tmp_path, "memory.ttl")
    assert (finding.status, finding.value) == (Status.FAIL, 3)


def test_evictions_are_counted_over_a_restart_of_redis(tmp_path: Path) -> None:
    run = steady_load()
    changed(run, -3.0, evicted_keys=5.0)
    changed(run, 20.0, evicted_keys=7.0)
    changed(run, 30.0, evicted_keys=0.0, run=2.0)
    changed(run, 40.0, evicted_keys=4.0)
    finding = judge(run, tmp_path, "memory.evicted")
    assert (finding.status, finding.value) == (Status.FAIL, 6)


def test_what_was_evicted_before_the_run_is_not_the_run_s(tmp_path: Path) -> None:
    run = steady_load()
    changed(run, -3.0, evicted_keys=5.0)
    assert judge(run, tmp_path, "memory.evicted").status is Status.PASS


@pytest.mark.parametrize("gate", ["baseline", "bounded", "ttl", "evicted"])
def test_without_samples_of_redis_memory_is_unknown(tmp_path: Path, gate: str) -> None:
    run = steady_load()
    run.samples = []
    assert judge(run, tmp_path, f"memory.{gate}").status is Status.UNKNOWN


def test_samples_that_stop_before_the_ttl_has_drained_leave_the_baseline_unknown(
    tmp_path: Path,
) -> None:
    run = steady_load()
    assert run.samples is not None
    run.samples = [s for s in run.samples if s.t < run.load_end + TTL]
    assert judge(run, tmp_path, "memory.baseline").status is Status.UNKNOWN


# Validity


def test_a_sound_run_is_valid(tmp_path: Path) -> None:
    run = busy()
    run.fault("kill-redis", 20.0, 22.0)
    gates = ("complete", "arrivals", "generator", "send_lag", "faults", "samples", "spread")
    found = {gate: judge(run, tmp_path, f"validity.{gate}").status for gate in gates}
    assert set(found.values()) == {Status.PASS}, found


def test_a_late_generator_is_invalid(tmp_path: Path) -> None:
    run = busy()
    for conversation in run.conversations[:3]:
        conversation.lag = 0.5
    finding = judge(run, tmp_path, "validity.generator")
    assert finding.status is Status.FAIL
    assert finding.value == pytest.approx(0.5)


@pytest.mark.parametrize("fate", [fate for fate in Fate if fate is not Fate.OFFERED])
def test_a_planned_conversation_that_was_not_offered_is_invalid(tmp_path: Path, fate: Fate) -> None:
    run = busy()
    run.conversations[0].fate = fate
    assert judge(run, tmp_path, "validity.arrivals").status is Status.FAIL


@pytest.mark.parametrize("arrivals", [39, 41])
def test_arrivals_that_do_not_add_up_are_invalid(tmp_path: Path, arrivals: int) -> None:
    run = busy()
    run.arrivals = arrivals
    assert judge(run, tmp_path, "validity.arrivals").status is Status.FAIL


@pytest.mark.parametrize(("spikes", "status"), [((4, 6), Status.PASS), ((4, 7), Status.FAIL)])
def test_the_customers_of_load_spikes_belong_to_the_plan(
    tmp_path: Path, spikes: tuple[int, ...], status: Status
) -> None:
    run = busy()
    run.arrivals = 30
    run.extra_marks = [
        LoadMark(20.0, "spike", {"order": float(number), "arrivals": float(count)})
        for number, count in enumerate(spikes)
    ]
    finding = judge(run, tmp_path, "validity.arrivals")
    assert finding.status is status
    if status is Status.PASS:
        assert finding.summary == "All 40 planned conversations were offered, 10 in load spikes"


@pytest.mark.parametrize("fate", [Fate.LOST, Fate.CENSORED])
def test_arrivals_recorded_as_a_range_count_as_many(tmp_path: Path, fate: Fate) -> None:
    run = busy()
    run.arrivals = 1040
    run.unplayed = [ArrivalRange(40, 500, 2, fate), ArrivalRange(41, 500, 2, fate)]
    finding = judge(run, tmp_path, "validity.arrivals")
    assert (finding.status, finding.value) == (Status.FAIL, 1000)
    assert "Only 40 of 1040" in finding.summary
    assert "0 unaccounted for, 0 recorded twice" in finding.summary


@pytest.mark.parametrize(
    "more", [ArrivalRange(39, 1, 1, Fate.LOST), ArrivalRange(50, 1, 1, Fate.LOST)]
)
def test_an_arrival_in_a_range_and_elsewhere_is_recorded_twice(
    tmp_path: Path, more: ArrivalRange
) -> None:
    run = busy()
    run.arrivals = 60
    run.unplayed = [ArrivalRange(40, 20, 1, Fate.CENSORED), more]
    assert "1 recorded twice" in judge(run, tmp_path, "validity.arrivals").summary


def test_a_lost_master_is_named(tmp_path: Path) -> None:
    run = busy()
    run.extra_marks = [LoadMark(30.0, "generator-lost", {"exit": -9.0})]
    finding = judge(run, tmp_path, "validity.workers")
    assert finding.status is Status.FAIL
    assert "the one in charge, which ended with -9" in finding.summary


def test_a_planned_fault_that_was_never_played_is_invalid(tmp_path: Path) -> None:
    run = busy()
    run.planned_faults = ["kill-redis-1"]
    finding = judge(run, tmp_path, "validity.faults")
    assert finding.status is Status.FAIL
    assert finding.evidence == ("kill-redis-1: was never played",)


def test_a_fault_that_did_not_take_hold_is_invalid(tmp_path: Path) -> None:
    run = busy()
    run.fault("kill-redis", 20.0, 22.0, took_hold=False, error="the pid did not change")
    finding = judge(run, tmp_path, "validity.faults")
    assert finding.status is Status.FAIL
    assert finding.evidence == ("kill-redis-1: the pid did not change",)


@pytest.mark.parametrize("missing", ["start", "arrivals-end", "end", "audited"])
def test_a_run_whose_load_did_not_come_to_its_end_is_invalid(tmp_path: Path, missing: str) -> None:
    run = busy()
    run.marks = [mark for mark in run.marks if mark != missing]
    assert judge(run, tmp_path, "validity.complete").status is Status.FAIL


def test_a_sampler_that_died_during_the_load_is_invalid(tmp_path: Path) -> None:
    run = busy()
    run.samples = [s for s in redis_samples(run) if not 20 < s.t < 40]
    assert judge(run, tmp_path, "validity.samples").status is Status.FAIL
    run.samples = []
    assert judge(run, tmp_path, "validity.samples").status is Status.UNKNOWN


def test_conversations_that_never_moved_did_not_ask_the_question(tmp_path: Path) -> None:
    run = Run()
    run.conversation().turn(replica="r01").turn(replica="r01")
    run.conversation().turn(replica="r02").turn(replica="r02")
    assert judge(run, tmp_path, "validity.spread").status is Status.FAIL


def test_later_turns_taken_up_late_are_invalid(tmp_path: Path) -> None:
    run = busy()
    for conversation in run.conversations[:3]:
        turn = conversation.turns[2]
        conversation.turns[2] = msgspec.structs.replace(turn, sent=turn.due + 0.5)
    finding = judge(run, tmp_path, "validity.send_lag")
    assert finding.status is Status.FAIL
    assert finding.value == pytest.approx(0.5)


@pytest.mark.parametrize(("busy_seconds", "status"), [(4, Status.PASS), (6, Status.FAIL)])
@pytest.mark.parametrize("source", ["generator", "generator:1"])
def test_a_generator_without_cpu_to_spare_is_invalid(
    tmp_path: Path, source: str, busy_seconds: int, status: Status
) -> None:
    run = busy()
    extra = []
    for second in range(20):
        cpu = 100.0 if 10 <= second < 10 + busy_seconds else 30.0
        extra.append(Sample(10.0 + second, source, {"cpu_percent": cpu}))
    run.samples = [*redis_samples(run), *extra]
    assert judge(run, tmp_path, "validity.generator_cpu").status is status


def test_a_lost_worker_is_invalid(tmp_path: Path) -> None:
    directory = busy().write(tmp_path)
    with RecordWriter(directory) as writer:
        writer.write(LoadMark(12.0, "worker-lost", {"shard": 1.0}))
    (finding,) = [f for f in check_validity(read(directory)) if f.check == "validity.workers"]
    assert finding.status is Status.FAIL
    assert finding.evidence == ("12.00 s: worker 1",)
