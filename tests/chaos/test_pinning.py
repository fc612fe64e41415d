"""A pinned fleet: the replica has a core of its own, and nothing else of the run is on it."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

import pytest

from chaos.errors import ChaosConfigError
from chaos.fleet import pinning
from chaos.fleet.guardian import carriers
from chaos.fleet.pinning import Cores, divided, thread_on
from chaos.fleet.process_fleet import ProcessFleet
from tests.chaos.conftest import MakeFleet

ALLOWED = sorted(os.sched_getaffinity(0)) if pinning.can_pin() else []
pins = pytest.mark.skipif(not pinning.can_pin(), reason="this system pins no process")


def affinities(pid: int) -> set[frozenset[int]]:
    """The cores of each thread of a process."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return {frozenset(os.sched_getaffinity(int(thread.name))) for thread in threads}


@pytest.mark.parametrize(
    ("replicas", "allowed", "cores"),
    [
        (1, {0, 1}, Cores((1,), (0,))),
        (1, {2, 5, 7}, Cores((7,), (2, 5))),
        (2, {0, 1, 2, 3}, Cores((3, 2), (0, 1))),
    ],
)
def test_each_replica_gets_a_core_and_the_rest_goes_to_everything_else(
    replicas: int, allowed: Collection[int], cores: Cores
) -> None:
    assert divided(replicas, allowed, usable=len(allowed)) == cores


@pytest.mark.parametrize(("allowed", "usable"), [({0}, 1.0), ({0, 1}, 1.5)])
def test_too_few_cores_are_refused(allowed: set[int], usable: float) -> None:
    with pytest.raises(ChaosConfigError, match=f"need 2 cores, got {usable:g}$"):
        divided(1, allowed, usable)


@pins
def test_a_thread_gets_its_cores_back_after_an_error() -> None:
    before = os.sched_getaffinity(0)

    def fail() -> None:
        with thread_on({ALLOWED[-1]}):
            assert os.sched_getaffinity(0) == {ALLOWED[-1]}
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert os.sched_getaffinity(0) == before


def pinned_to(fleet: ProcessFleet, cores: Cores) -> None:
    """Every thread of the replica is on its core, and every other thread of the run is not."""
    replica = fleet.replicas["r01"].pid
    assert replica is not None
    assert affinities(replica) == {frozenset(cores.replicas)}
    others = carriers(fleet.run_id) - {replica}
    assert len(others) == 2  # Redis and Envoy
    for pid in others:
        assert affinities(pid) == {frozenset(cores.others)}


@pins
@pytest.mark.service
@pytest.mark.skipif(len(ALLOWED) < 2, reason="needs two cores")
def test_a_pinned_replica_stays_on_its_core_after_a_restart(make_fleet: MakeFleet) -> None:
    cores = divided(1, ALLOWED, usable=len(ALLOWED))
    before = os.sched_getaffinity(0)
    fleet = make_fleet(replicas=1, cores=cores)
    fleet.start()
    fleet.wait_ready(30)
    assert os.sched_getaffinity(0) == set(cores.others), "the harness is elsewhere, too"
    pinned_to(fleet, cores)
    fleet.replicas["r01"].kill()
    fleet.replicas["r01"].start()
    fleet.wait_ready(30)
    pinned_to(fleet, cores)
    assert os.sched_getaffinity(0) == set(cores.others)
    fleet.stop()
    assert os.sched_getaffinity(0) == before
