"""Memory and keys after the TTL: leaks of any size are found, a healthy Redis is not convicted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from reports.checks import run_checks
from reports.measures.redis_memory import measure
from reports.records import Finding, Sample, Status
from tests.reports.a_run import MIB, TTL, Run, redis_sample
from tests.reports.gated import judge

SETUP = 0.4 * MIB
"""Bytes that connections and scripts take once."""
EACH = 1500.0
"""Bytes of a turn that lives."""


def sampled(
    turns: int = 1000,
    *,
    keys_each: float = 0.0,
    bytes_each: float = 0.0,
    others: Callable[[float], float] = lambda t: 0.0,
    forever: bool = False,
    setup: float = SETUP,
) -> Run:
    """A load of one-turn conversations, of which each leaves so much for good.

    `others` gives how many keys of somebody else are there at a time; `forever`: without a TTL.
    """
    run = Run()
    for number in range(turns):
        run.conversation(start=round(number * 59 / turns, 6)).turn()
    done = [talk.turns[0].done for talk in run.conversations]
    samples = []
    for t in range(-3, int(run.load_end + TTL) + 4):
        live = sum(t - TTL < moment <= t for moment in done)
        ever = sum(moment <= t for moment in done)
        theirs = others(float(t))
        keys = live + keys_each * ever + theirs
        used = MIB + EACH * live + bytes_each * ever + (setup if ever else 0.0) + 100.0 * theirs
        persistent = theirs if forever else 0.0
        samples.append(redis_sample(float(t), used, keys=keys, persistent_keys=persistent))
    run.samples = samples
    return run


def statuses(run: Run, tmp_path: Path) -> dict[str, Status]:
    findings = run_checks(run.history(tmp_path))
    return {f.check: f.status for f in findings if f.check.startswith("memory.")}


# Leaks


@pytest.mark.parametrize("turns", [60, 300, 1000, 3400])
def test_a_healthy_service_leaves_nothing(tmp_path: Path, turns: int) -> None:
    found = statuses(sampled(turns), tmp_path)
    assert found["memory.keys"] is found["memory.baseline"] is Status.PASS


@pytest.mark.parametrize("keys_each", [1.0, 0.1, 0.05, 0.01])
def test_keys_that_outlive_the_ttl_fail_at_any_rate(tmp_path: Path, keys_each: float) -> None:
    finding = judge(sampled(keys_each=keys_each), tmp_path, "memory.keys")
    assert finding.status is Status.FAIL
    assert finding.value == pytest.approx(1000 * keys_each)


@pytest.mark.parametrize(("turns", "bytes_each"), [(3400, 480.0), (3400, 100.0), (1000, 300.0)])
def test_bytes_that_outlive_the_ttl_fail_without_a_key_of_their_own(
    tmp_path: Path, turns: int, bytes_each: float
) -> None:
    found = statuses(sampled(turns, bytes_each=bytes_each), tmp_path)
    assert found["memory.baseline"] is Status.FAIL
    assert found["memory.keys"] is Status.PASS


@pytest.mark.parametrize("setup", [0.0, 20e3, 60e3])
def test_two_hundred_bytes_a_turn_show_in_seven_hundred_turns(tmp_path: Path, setup: float) -> None:
    run = sampled(700, bytes_each=200.0, setup=setup)
    assert statuses(run, tmp_path)["memory.baseline"] is Status.FAIL


@pytest.mark.parametrize(
    ("turns", "setup", "left"),
    # As measured, in bytes: what the first connections took, and what was left besides.
    [
        (3400, 53e3, 52e3),
        (2800, 13e3, 48e3),
        (77, 350e3, 78e3),
        (90, 166e3, 70e3),
        (300, 0.0, 18e3),
    ],
)
def test_leftovers_of_healthy_services_are_no_leak(
    tmp_path: Path, turns: int, setup: float, left: float
) -> None:
    run = sampled(turns, setup=setup)
    assert run.samples is not None
    run.samples = [
        Sample(s.t, s.source, {**s.values, "used_memory": s.values["used_memory"] + left})
        if s.t > 40
        else s
        for s in run.samples
    ]
    assert judge(run, tmp_path, "memory.baseline").status is Status.PASS


def test_a_few_keys_of_the_service_s_own_may_stay(tmp_path: Path) -> None:
    run = sampled(others=lambda t: 3.0 if t > 0 else 0.0)
    assert judge(run, tmp_path, "memory.keys").status is Status.PASS


def test_the_first_connections_and_scripts_are_no_leak(tmp_path: Path) -> None:
    memory = measure(sampled().history(tmp_path))
    assert memory.baseline_bytes == MIB
    assert memory.setup_bytes == pytest.approx(MIB + SETUP, abs=0.05 * MIB)


def test_growth_of_a_single_key_within_the_resolution_passes(
    tmp_path: Path,
) -> None:
    run = sampled(60)
    assert run.samples is not None
    run.samples = [Sample(s.t, s.source, {**s.values, "keys": 1.0}) for s in run.samples]
    assert judge(run, tmp_path, "memory.baseline").status is Status.PASS


def test_the_buffers_of_replication_are_no_sessions(tmp_path: Path) -> None:
    run = sampled()
    assert run.samples is not None
    buffers = {"mem_replication_backlog": 1.0 * MIB, "mem_clients_slaves": 0.5 * MIB}
    run.samples = [
        Sample(
            s.t,
            s.source,
            {**s.values, **buffers, "used_memory": s.values["used_memory"] + 1.5 * MIB},
        )
        if s.t > 30
        else s
        for s in run.samples
    ]
    assert judge(run, tmp_path, "memory.baseline").status is Status.PASS


def test_sampling_that_ends_with_the_ttl_cannot_tell_a_lag_from_a_leak(tmp_path: Path) -> None:
    run = sampled(keys_each=1.0)
    assert run.samples is not None
    run.samples = [s for s in run.samples if s.t < run.load_end + TTL + 2]
    finding = judge(run, tmp_path, "memory.keys")
    assert finding.status is Status.UNKNOWN
    assert "not sampled for the 2 s" in finding.summary


@pytest.mark.parametrize("gate", ["memory.keys", "memory.baseline"])
def test_keys_of_a_target_whose_ttl_is_not_known_prove_nothing(tmp_path: Path, gate: str) -> None:
    history = sampled(keys_each=1.0).history(tmp_path)
    foreign = replace(history, run=structs.replace(history.run, foreign=True, ttl_known=False))
    (finding,) = [f for f in run_checks(foreign) if f.check == gate]
    assert (finding.status, finding.out_of_sight) == (Status.UNKNOWN, True)
    assert "not known: the target's TTL is not declared (--ttl)" in finding.summary


# Other people's Redis


def _of(run: Run, tmp_path: Path, gate: str) -> Finding:
    return judge(run, tmp_path, gate)


@pytest.mark.parametrize("forever", [False, True])
@pytest.mark.parametrize("count", [1.0, 5000.0])
def test_keys_from_before_the_load_are_no_leak(tmp_path: Path, count: float, forever: bool) -> None:
    run = sampled(others=lambda t: count, forever=forever)
    assert set(statuses(run, tmp_path).values()) <= {Status.PASS, Status.UNKNOWN}
    finding = _of(run, tmp_path, "memory.ttl")
    assert (finding.status, finding.value) == (Status.PASS, 0)
    assert ("besides" in finding.summary) == forever


@pytest.mark.parametrize("forever", [False, True])
def test_other_writers_make_a_failure_unknown(tmp_path: Path, forever: bool) -> None:
    run = sampled(others=lambda t: 500.0 + 5.0 * t, forever=forever)
    finding = _of(run, tmp_path, "memory.keys")
    assert finding.status is Status.UNKNOWN
    doubt = "others write to this Redis too, and it may be theirs (485 to 500 keys before"
    assert doubt in finding.summary
    assert Status.FAIL not in statuses(run, tmp_path).values()


def test_keys_that_appear_after_the_load_belong_to_others(tmp_path: Path) -> None:
    run = sampled(others=lambda t: max(0.0, t - 60.0))
    finding = _of(run, tmp_path, "memory.keys")
    assert finding.status is Status.UNKNOWN
    assert "keys were added after the load had ended" in finding.summary


def test_where_others_write_and_nothing_is_left_the_gates_pass(tmp_path: Path) -> None:
    run = sampled(others=lambda t: 5.0 if t == -2 else 0.0)
    assert _of(run, tmp_path, "memory.keys").status is Status.PASS


def elsewhere(run: Run) -> Run:
    """The run with a writer to another database of the server, who begins with the load."""
    assert run.samples is not None
    keys = [20.0 * max(0.0, sample.t - 5.0) for sample in run.samples]
    run.samples = [
        Sample(
            s.t,
            s.source,
            {
                **s.values,
                "used_memory": s.values["used_memory"] + 1000.0 * theirs,
                **({"other_keys": theirs} if theirs else {}),
            },
        )
        for s, theirs in zip(run.samples, keys, strict=True)
    ]
    return run


def test_memory_that_grows_with_another_database_may_be_theirs(tmp_path: Path) -> None:
    finding = _of(elsewhere(sampled()), tmp_path, "memory.baseline")
    assert finding.status is Status.UNKNOWN
    assert "others write to this Redis too" in finding.summary
    assert "keys were added to its other databases" in finding.summary
    assert Status.FAIL not in statuses(elsewhere(sampled()), tmp_path).values()


def test_keys_that_are_left_are_ours_whatever_another_database_holds(tmp_path: Path) -> None:
    assert _of(elsewhere(sampled(keys_each=1.0)), tmp_path, "memory.keys").status is Status.FAIL
    forever = elsewhere(sampled(others=lambda t: 40.0 if t < 20 else 41.0, forever=True))
    assert _of(forever, tmp_path, "memory.ttl").status is Status.FAIL


def test_a_new_key_without_a_ttl_is_found_among_keys_of_others(tmp_path: Path) -> None:
    run = sampled(others=lambda t: 40.0 if t < 20 else 41.0, forever=True)
    finding = _of(run, tmp_path, "memory.ttl")
    assert (finding.status, finding.value) == (Status.FAIL, 1)


def evicting(run: Run, counts: Callable[[float], float]) -> Run:
    assert run.samples is not None
    run.samples = [
        Sample(s.t, s.source, {**s.values, "evicted_keys": counts(s.t)}) for s in run.samples
    ]
    return run


def test_evictions_before_the_load_are_not_the_run_s(tmp_path: Path) -> None:
    run = evicting(sampled(), lambda t: 10.0 if t < -2 else 15.0)
    assert _of(run, tmp_path, "memory.evicted").value == 0


def test_a_counter_that_a_restart_keeps_counts_nothing_twice(tmp_path: Path) -> None:
    run = evicting(sampled(), lambda t: 50.0)
    run.fault("kill-redis", 20.0, 22.0)
    assert run.samples is not None
    run.samples = [
        Sample(s.t, s.source, {**s.values, "run": 1.0 + (s.t > 20)}) for s in run.samples
    ]
    assert _of(run, tmp_path, "memory.evicted").value == 0


def test_evictions_go_on_where_others_fill_the_redis(tmp_path: Path) -> None:
    run = evicting(sampled(), lambda t: 100.0 + t)
    assert _of(run, tmp_path, "memory.evicted").status is Status.UNKNOWN
