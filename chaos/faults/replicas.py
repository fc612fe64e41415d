"""What the faults of replicas share: choosing one, and bringing it back."""

from __future__ import annotations

from random import Random

from chaos.environment import Environment, ReplicaNode
from chaos.errors import ChaosError

READY_TIMEOUT = 30.0
"""Seconds that a replica may take to be ready again."""


def check_name(replica: object) -> None:
    """Raise ValueError unless this could name a replica."""
    if not isinstance(replica, str):
        raise ValueError(f"replica = {replica!r}: expected a name or random")


def check_exists(replica: str, env: Environment) -> None:
    """Raise ValueError unless this environment has the named replica."""
    if replica != "random" and replica not in env.replicas:
        raise ValueError(f"replica = {replica!r}: expected random or {names_of(env)}")


def choose(replica: str, env: Environment, rng: Random) -> ReplicaNode:
    """The named one, or one of those that run.  Raises ChaosError when none does."""
    if replica != "random":
        return env.replicas[replica]
    running = [each for each in env.replicas.values() if each.running]
    if not running:
        raise ChaosError("no replica runs: there is none to hurt")
    return rng.choice(running)


def revive(replica: ReplicaNode) -> None:
    """Start the replica unless it runs, thaw it, wait until it is ready.  Raises ChaosError."""
    if replica.running:
        replica.resume()
    else:
        replica.start()
    replica.wait_ready(READY_TIMEOUT)


def names_of(env: Environment) -> str:
    """The names of the replicas, for a sentence."""
    names = list(env.replicas)
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
