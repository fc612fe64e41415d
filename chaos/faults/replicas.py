"""Shared by the faults of replicas: choosing one, and bringing it back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from random import Random

from chaos.errors import ChaosError
from chaos.faults import preconditions
from chaos.faults.collect_errors import do_all
from chaos.fleet.environment import ReplicaNode, SystemUnderTest
from chaos.fleet.waiting import TimeLeft

READY_TIMEOUT = 30.0
"""Seconds that a replica may take to be ready again."""


def check_name(replica: object) -> None:
    """Raise ValueError unless this could name a replica."""
    if not isinstance(replica, str):
        raise ValueError(f"replica must be a name or random, got {replica!r}")


def check_exists(replica: str, env: SystemUnderTest) -> None:
    """Raise ValueError unless this environment has the named replica."""
    if replica != "random" and replica not in env.replicas:
        raise ValueError(f"replica must be random or {names_of(env)}, got {replica!r}")


def choose(replica: str, env: SystemUnderTest, rng: Random) -> ReplicaNode:
    """The named one, or one of those that run.  Raises ChaosError when none does."""
    if replica != "random":
        return env.replicas[replica]
    up = running(env)
    if not up:
        raise ChaosError("no replica runs: there is none to hurt")
    return rng.choice(up)


def running(env: SystemUnderTest) -> list[ReplicaNode]:
    """Those that run and are not frozen."""
    return [each for each in env.replicas.values() if each.running and not each.frozen]


def check_healthy(kind: str, *replicas: ReplicaNode) -> None:
    """Raise ChaosError unless each runs, is not frozen and says that it is ready."""
    do_all(
        partial(preconditions.check, kind, each, each.ready, "to become ready") for each in replicas
    )


def revive(replica: ReplicaNode) -> None:
    """Start the replica unless it runs, resume it, wait until it is ready.  Raises ChaosError."""
    _rouse(replica)
    replica.wait_ready(READY_TIMEOUT)


def revive_all(replicas: Sequence[ReplicaNode]) -> None:
    """As `revive`, in parallel.  Raises one ChaosError for all that do not come back."""
    left = TimeLeft(2 * READY_TIMEOUT)
    up: list[ReplicaNode] = []

    def rouse(replica: ReplicaNode) -> None:
        _rouse(replica)
        up.append(replica)

    def wait(replica: ReplicaNode) -> None:
        if replica in up:
            replica.wait_ready(left.seconds(least=1.0))

    do_all(partial(step, each) for step in (rouse, wait) for each in replicas)


def _rouse(replica: ReplicaNode) -> None:
    if replica.running:
        replica.resume()
    else:
        replica.start()


def names_of(env: SystemUnderTest) -> str:
    """The names of the replicas, for a sentence."""
    names = list(env.replicas)
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
