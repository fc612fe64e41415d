"""Requests sent to dead replicas: whose they are, and when nobody knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.measures.dead_replicas import sent_to_dead
from reports.records import Sample
from tests.reports.a_run import Run

Counters = dict[float, tuple[int, int]]
"""Run time -> (connections refused, requests sent), each standing until the next."""


def watched(run: Run, **replicas: Counters) -> Run:
    """The run with the balancer sampled once a second from -1 to 59 s."""
    samples = []
    for replica, counters in replicas.items():
        for second in range(-1, 60):
            now = max((t for t in counters if t <= second), default=None)
            refused, sent = (0, 0) if now is None else counters[now]
            values = {"connect_fail": float(refused), "requests": float(sent)}
            samples.append(Sample(second + 0.5, f"balancer:{replica}", values))
    run.samples = samples
    return run


def counted(run: Run, tmp_path: Path) -> dict[str, int | None]:
    return sent_to_dead(run.history(tmp_path))


def test_a_refused_connection_belongs_to_the_fault_in_whose_time_it_was(tmp_path: Path) -> None:
    run = Run()
    run.fault("kill-replica", 20.0, 23.0, target="r01")
    run.fault("terminate-replica", 40.0, 43.0, target="r02")
    watched(run, r01={21: (4, 0), 22: (5, 0)}, r02={41: (2, 0)}, r03={})
    assert counted(run, tmp_path) == {"kill-replica-1": 5, "terminate-replica-1": 2}


def test_a_refusal_during_two_faults_belongs_to_the_one_on_that_replica(tmp_path: Path) -> None:
    run = Run()
    run.fault("restart-redis", 20.0, 24.0)
    run.fault("rolling-restart", 21.0, 25.0, target="r01, r02")
    watched(run, r01={22: (1, 0)}, r02={23: (3, 0)})
    assert counted(run, tmp_path) == {"restart-redis-1": 0, "rolling-restart-1": 4}


def test_refusals_outside_of_faults_belong_to_none(tmp_path: Path) -> None:
    run = Run()
    run.fault("kill-replica", 20.0, 23.0, target="r01")
    watched(run, r01={5: (7, 0)})
    assert counted(run, tmp_path) == {"kill-replica-1": 0}


def test_a_frozen_replica_takes_requests_and_is_as_good_as_dead(tmp_path: Path) -> None:
    run = Run()
    run.fault("freeze-replica", 20.0, 25.0, target="r01")
    growing = {float(second): (0, 10 * second) for second in range(60)}
    watched(run, r01=growing, r02=growing)
    # Between the samples at 20.5 and 24.5 s.
    assert counted(run, tmp_path) == {"freeze-replica-1": 40}


def test_a_killed_replica_s_requests_before_its_death_are_not_counted(tmp_path: Path) -> None:
    run = Run()
    run.fault("kill-replica", 20.0, 25.0, target="r01")
    watched(run, r01={20: (2, 500)})
    assert counted(run, tmp_path) == {"kill-replica-1": 2}


def test_a_balancer_that_was_started_again_counts_from_zero(tmp_path: Path) -> None:
    run = Run()
    run.fault("kill-replica", 20.0, 25.0, target="r01")
    watched(run, r01={0: (90, 0), 22: (3, 0)})
    assert counted(run, tmp_path) == {"kill-replica-1": 3}


@pytest.mark.parametrize("until", [15.0, 22.0])
def test_a_fault_that_was_not_watched_to_its_end_is_not_known(tmp_path: Path, until: float) -> None:
    run = Run()
    run.fault("kill-replica", 20.0, 25.0, target="r01")
    watched(run, r01={21: (2, 0)})
    assert run.samples is not None
    run.samples = [sample for sample in run.samples if sample.t < until]
    assert counted(run, tmp_path) == {"kill-replica-1": None}


def test_the_count_is_unknown_and_not_zero_without_diyas_balancer(tmp_path: Path) -> None:
    run = Run()
    run.fault("kill-replica", 20.0, 25.0, target="r01")
    assert counted(run, tmp_path) == {"kill-replica-1": None}
