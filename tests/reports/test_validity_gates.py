"""Validity: a run that was not sound is told from one that was."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from reports.checks.validity import check_validity
from reports.records import ArrivalRange, Fate, LoadMark, RecordWriter, Sample, Status
from reports.records.history import read
from tests.reports.a_run import Run, redis_samples
from tests.reports.gated import busy, judge


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


@pytest.mark.parametrize(("silent", "status"), [(4.9, "pass"), (6.9, "fail")])
def test_a_load_of_20_s_is_sampled_at_least_every_5_s(
    tmp_path: Path, silent: float, status: str
) -> None:
    run = busy(conversations=12)
    run.load_end = 20.0
    run.samples = [s for s in redis_samples(run) if not 6.0 < s.t < 6.0 + silent]
    assert judge(run, tmp_path, "validity.samples").status == status


def test_conversations_that_never_moved_fail_the_spread(tmp_path: Path) -> None:
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
