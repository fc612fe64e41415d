"""The judgement of a probe, by the records of simulated services with known loads."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import msgspec
import pytest

from reports.capacity.criteria import WORK_LIMIT
from reports.capacity.demand import measure_demand
from reports.capacity.findings import Answer, Probe, ProbeKind
from reports.capacity.limiting import IN_FLIGHT, LOCK, MODEL, REDIS, REPLICA
from reports.capacity.probe import judge_probe
from reports.records import Sample
from reports.records.columns import Audits
from reports.records.history import History
from tests.validate.capacity.service import Load, Service, Simulation
from tests.validate.capacity.written import history, played, write

CARRIES = 40.0
"""Turns a second: the simulated processor takes 25 ms for one."""


def load(share: float, **values: float) -> Load:
    """A load of this share of what the service carries."""
    return replace(Load(share * CARRIES, seconds=30.0, seed=3), **values)  # type: ignore[arg-type]


@cache
def at(share: float) -> History:
    return played(Service(), load(share))


def judge(run: History, kind: ProbeKind = ProbeKind.SEARCH) -> Probe:
    return judge_probe(run, kind)


def without(run: History, wanted: Callable[[Sample], bool]) -> History:
    """The same run with some samples left out."""
    return History(
        name=run.name,
        run=run.run,
        conversations=run.conversations,
        turns=run.turns,
        audits=run.audits,
        samples=[sample for sample in run.samples if not wanted(sample)],
        marks=run.marks,
    )


def test_a_load_well_below_the_knee_passes() -> None:
    probe = judge(at(0.7))
    assert probe.answer is Answer.PASS
    assert probe.reasons == ()
    assert probe.limited_by is None
    assert probe.cpu_share == pytest.approx((probe.offered or 0.0) / CARRIES, rel=0.05)
    assert probe.rate == pytest.approx(28.0, rel=1e-3)
    assert probe.goodput == pytest.approx(probe.offered, rel=0.01)


@pytest.mark.parametrize("share", [1.1, 1.25])
def test_an_overload_fails_for_its_work(share: float) -> None:
    probe = judge(at(share))
    assert probe.answer is Answer.FAIL
    assert probe.limited_by == REPLICA
    assert any("offered work" in reason for reason in probe.reasons)


def test_a_gross_overload_names_its_worst_first() -> None:
    probe = judge(at(1.25))
    assert "missed the SLO" in probe.reasons[0]
    assert any("the p99 was" in reason for reason in probe.reasons)


@pytest.mark.parametrize(
    ("service", "resource"),
    [
        (Service(cpu_s=0.008, lock_s=0.025), LOCK),
        (Service(cpu_s=0.008, redis_s=0.025), REDIS),
        (Service(cpu_s=0.003, in_flight=6, model_s=0.07), IN_FLIGHT),
        (Service(cpu_s=0.008, lock_s=0.025, in_flight=64), LOCK),
    ],
)
def test_the_resource_that_limits_is_named(service: Service, resource: str) -> None:
    demand = measure_demand(played(service, load(0.3)))
    probe = judge_probe(played(service, load(1.15)), ProbeKind.SEARCH, demand=demand)
    assert probe.answer is Answer.FAIL
    assert probe.limited_by == resource


def test_a_slower_model_is_named() -> None:
    usual = Service(cpu_s=0.005)
    demand = measure_demand(played(usual, load(0.3)))
    slow = played(replace(usual, model_s=1.5), load(0.5))
    probe = judge_probe(slow, ProbeKind.SEARCH, demand=demand)
    assert probe.answer is Answer.FAIL
    assert probe.limited_by == MODEL


@pytest.mark.parametrize("seed", range(10))
def test_a_starved_generator_tells_nothing(seed: int) -> None:
    probe = judge(played(Service(), load(0.5, seed=seed, starved=True)))
    assert probe.answer is Answer.UNKNOWN
    assert "late" in probe.reasons[0]


def test_busy_other_cores_tell_nothing() -> None:
    run = at(0.7)
    busy = [
        Sample(s.t, s.source, {**s.values, "others_percent": 80.0}) if s.source == "host" else s
        for s in run.samples
    ]
    probe = judge(_with(run, samples=busy))
    assert probe.answer is Answer.UNKNOWN
    assert probe.reasons == ("the other cores were 80 % busy, limit 70 %",)
    assert probe.others_share == pytest.approx(0.8)


def test_other_processes_on_the_replica_s_core_tell_nothing() -> None:
    run = at(0.7)
    shared = [
        Sample(s.t, s.source, {**s.values, "replicas_percent": 100.0}) if s.source == "host" else s
        for s in run.samples
    ]
    probe = judge(_with(run, samples=shared))
    assert probe.answer is Answer.UNKNOWN
    assert len(probe.reasons) == 1
    assert probe.reasons[0].endswith("of the replica's core, limit 10 %")


def test_waits_that_another_process_made_tell_nothing() -> None:
    # In the warm-up, so that the mean of the measured part hardly shows it.
    run = played(Service(), replace(load(0.85), neighbour=(9.0, 16.0, 0.6)))
    probe = judge(run)
    assert probe.answer is Answer.UNKNOWN
    (reason,) = probe.reasons
    assert reason.startswith("other processes used")
    assert reason.endswith("of the replica's core while turns waited, limit 10 %")
    assert probe.limited_by is None


def test_too_much_work_fails_although_another_process_made_turns_wait() -> None:
    run = at(1.1)
    shared = [
        Sample(s.t, s.source, {**s.values, "replicas_percent": 180.0})
        if s.source == "host" and 22.0 < s.t < 25.0
        else s
        for s in run.samples
    ]
    probe = judge(_with(run, samples=shared))
    assert probe.answer is Answer.FAIL
    assert judge(run).reasons[0] == probe.reasons[0]
    assert all("offered work" in reason for reason in probe.reasons)


def _with(run: History, **values: object) -> History:
    fields = {
        name: getattr(run, name)
        for name in ("name", "run", "conversations", "turns", "audits", "samples", "marks")
    }
    return History(**{**fields, **values})


def test_a_replica_that_was_not_sampled_tells_nothing() -> None:
    probe = judge(without(at(0.7), lambda s: s.source.startswith("replica:")))
    assert probe.answer is Answer.UNKNOWN
    assert "not sampled" in probe.reasons[0]


def test_a_gap_in_the_samples_tells_nothing() -> None:
    probe = judge(without(at(0.7), lambda s: s.source == "replica:r01" and 25 < s.t < 35))
    assert probe.answer is Answer.UNKNOWN
    assert "not sampled for" in probe.reasons[0]


def test_too_few_turns_tell_nothing() -> None:
    probe = judge(played(Service(), load(0.1)))
    assert probe.answer is Answer.UNKNOWN
    assert "300 are needed" in probe.reasons[0]


def test_a_load_that_was_cut_short_tells_nothing() -> None:
    run = at(0.7)
    probe = judge(_with(run, marks=[mark for mark in run.marks if mark.mark != "arrivals-end"]))
    assert probe.answer is Answer.UNKNOWN


def test_a_target_needs_no_samples() -> None:
    run = _with(at(0.7), samples=[])
    assert judge(run).answer is Answer.UNKNOWN
    probe = judge(run, ProbeKind.STEP)
    assert probe.answer is Answer.PASS
    assert probe.cpu_share is None


def test_a_lost_turn_fails_a_probe_even_with_a_starved_generator() -> None:
    run = played(Service(), load(0.5, starved=True))
    audits = [msgspec.structs.replace(audit, history=()) for audit in run.audits]
    probe = judge(_with(run, audits=Audits(audits)))
    assert probe.answer is Answer.FAIL


def test_a_probe_without_read_backs_has_not_passed() -> None:
    probe = judge(_with(at(0.7), audits=unanswered(at(0.7))))
    assert probe.answer is Answer.UNKNOWN
    # What failed has failed without them.
    assert judge(_with(at(1.25), audits=unanswered(at(1.25)))).answer is Answer.FAIL


def unanswered(run: History) -> Audits:
    """Every read of a session without an answer."""
    empty = {"status": "unknown", "history": (), "user": None}
    return Audits([msgspec.structs.replace(audit, **empty) for audit in run.audits])


def test_a_stored_probe_gets_the_same_answer(tmp_path: Path) -> None:
    run = at(1.25)
    stored = judge_probe(write(run, tmp_path / "probe-01"), ProbeKind.SEARCH)
    live = judge(run)
    assert stored.name == "probe-01"
    assert stored.reasons == live.reasons
    assert (stored.answer, stored.limited_by) == (Answer.FAIL, REPLICA)
    assert stored.cpu_share == pytest.approx(live.cpu_share)
    assert stored.p99_s == pytest.approx(live.p99_s, abs=1e-5)


def test_an_overload_that_is_over_shows_its_recovery() -> None:
    burst = Load(0.7 * CARRIES, seconds=60.0, seed=4, overload=(25.0, 35.0, 2.5))
    probe = judge(played(Service(), burst), ProbeKind.OVERLOAD)
    assert probe.answer is Answer.PASS
    assert probe.recovered_s is not None
    assert 0 < probe.recovered_s < 20


def test_a_service_that_stays_slow_after_an_overload_fails() -> None:
    burst = Load(0.97 * CARRIES, seconds=60.0, seed=4, overload=(25.0, 40.0, 3.0))
    probe = judge(played(Service(), burst), ProbeKind.OVERLOAD)
    assert probe.answer is not Answer.PASS
    assert probe.recovered_s is None


def test_a_service_that_recovers_is_not_asked_for_its_work_as_well() -> None:
    burst = Load(0.96 * CARRIES, seconds=60.0, seed=4, overload=(20.0, 22.0, 1.5))
    probe = judge(played(Service(), burst), ProbeKind.OVERLOAD)
    assert (probe.cpu_share or 0.0) > WORK_LIMIT
    assert probe.recovered_s is not None
    assert probe.answer is Answer.PASS


def test_an_open_turn_counts_with_its_age() -> None:
    simulation = Simulation(Service(), load(0.7)).run()
    stopped = simulation.arrivals_end - 0.001
    for turn in simulation.turns:
        if stopped - 4.0 < turn.due <= stopped:
            turn.ok, turn.done, turn.error = False, stopped, "the run was stopped"
            turn.unsure = 1
    probe = judge(history(simulation))
    # 4 s of 28 turns/s, of which those older than the limit of 2 s surely miss it.
    assert probe.answer is Answer.FAIL
    assert probe.p99_s is not None
    assert 2.0 < probe.p99_s < 4.1
    assert probe.missed_share == pytest.approx(2 / 30, abs=0.02)
    assert not math.isnan(probe.missed_share or 0.0)
