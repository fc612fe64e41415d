"""Memory: each gate passes, fails and is unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.records import Sample, Status
from tests.reports.a_run import MIB, TTL, Run, redis_sample, redis_samples
from tests.reports.gated import judge


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


def test_evictions_before_the_run_do_not_count(tmp_path: Path) -> None:
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
