"""The costs of a turn come from the samples of the load without its faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.measures.turn_costs import TurnCosts, turn_costs
from reports.records import Sample
from tests.reports.a_run import MIB, TTL, Run, redis_sample

TURNS = 48
CPU_S, READS, BYTES, HELD = 0.012, 4.0, 2400.0, 9000.0
"""For each turn, and for each session."""
UNKNOWN = TurnCosts()


def a_run(turns: int = TURNS) -> Run:
    """One turn each second from second 8 on, each in a session of its own."""
    run = Run()
    for number in range(turns):
        run.conversation(8.0 + number).turn(took=0.5)
    return run


def sampled(run: Run, replicas: int = 2, until: float = 200.0) -> Run:
    """Replicas share the turns; their totals rise with every turn that is done."""
    done = sorted(turn.done for talk in run.conversations for turn in talk.turns)
    samples = []
    for t in range(-3, int(until)):
        before = sum(moment <= t for moment in done)
        live = sum(moment <= t < moment + TTL for moment in done)
        for number in range(replicas):
            used = {"cpu_s": 2.0 + before * CPU_S / replicas, "pid": float(number)}
            samples.append(Sample(t, f"replica:r{number:02}", used))
        totals = {"cpu_s": before * 0.0002, "reads": before * READS, "net_bytes": before * BYTES}
        samples.append(redis_sample(t, 2 * MIB + live * HELD, **totals))
    run.samples = samples
    return run


def test_the_costs_are_the_rise_of_the_totals_over_the_turns(tmp_path: Path) -> None:
    found = turn_costs(sampled(a_run()).history(tmp_path))
    assert found.replica_cpu_s_per_turn == pytest.approx(CPU_S, rel=0.03)
    assert found.redis_cpu_s_per_turn == pytest.approx(0.0002, rel=0.03)
    # Counts are exact: no turn is counted in part.
    assert found.redis_trips_per_turn == pytest.approx(READS, rel=1e-6)
    assert found.redis_bytes_per_turn == pytest.approx(BYTES, rel=1e-6)
    assert found.redis_bytes_per_session == pytest.approx(HELD, rel=0.05)


def test_the_work_of_a_restart_is_no_cost_of_a_turn(tmp_path: Path) -> None:
    run = sampled(a_run())
    assert run.samples is not None
    run.fault("kill-replica", 30.0, 35.0)
    for sample in run.samples:
        if sample.source == "replica:r00" and sample.t > 32.0:
            sample.values["cpu_s"] += 5.0
    found = turn_costs(run.history(tmp_path))
    assert found.replica_cpu_s_per_turn == pytest.approx(CPU_S, rel=0.05)


def test_a_run_without_samples_or_with_few_turns_has_no_costs(tmp_path: Path) -> None:
    nothing = a_run()
    nothing.samples = []
    assert turn_costs(nothing.history(tmp_path / "nothing")) == UNKNOWN
    few = turn_costs(sampled(a_run(20)).history(tmp_path / "few"))
    assert few.replica_cpu_s_per_turn is None


def test_a_replica_that_was_not_sampled_hides_the_costs_of_all(tmp_path: Path) -> None:
    run = sampled(a_run())
    assert run.samples is not None
    run.samples = [s for s in run.samples if s.source != "replica:r01" or s.t < 15]
    assert turn_costs(run.history(tmp_path)).replica_cpu_s_per_turn is None


def test_sessions_that_were_not_seen_to_expire_have_no_size(tmp_path: Path) -> None:
    found = turn_costs(sampled(a_run(), until=71.0).history(tmp_path))
    assert found.redis_bytes_per_session is None
    assert found.redis_bytes_per_turn is not None
