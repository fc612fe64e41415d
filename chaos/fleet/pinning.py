"""Pins replicas to cores of their own, and everything else of a run to the other cores.

A child inherits the affinity of the thread that starts it, and so does every thread of the child.
The starting thread therefore moves to the child's cores for the moment of the start: that needs no
root, no launcher and no code between fork and exec, and it is the same for every restart.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from chaos.errors import ChaosConfigError


@dataclass(frozen=True, slots=True)
class Cores:
    """The cores of a pinned fleet, by their numbers."""

    replicas: tuple[int, ...]
    """One for each replica, in the order of their names."""
    others: tuple[int, ...]
    """For the balancer, Redis, the load generator and the harness."""


def divided(replicas: int, allowed: Collection[int], usable: float) -> Cores:
    """A core of its own for each replica; the rest, at least one core, for everything else.

    `allowed` are the cores on which this process may run; `usable` is the number of cores that the
    limits of its control groups leave.  The replicas get the cores with the highest numbers,
    because core 0 takes most interrupts.  Raises ChaosConfigError where there are too few, or where
    the system pins no process.
    """
    if not can_pin():
        raise ChaosConfigError(
            "pinned replicas: this system sets no affinity of processes; it must be Linux"
        )
    cores = sorted(allowed)
    if min(len(cores), usable) < replicas + 1:
        raise ChaosConfigError(
            f"pinned replicas: {replicas} and everything else need {replicas + 1} cores, got "
            f"{min(len(cores), usable):g}"
        )
    return Cores(tuple(reversed(cores[-replicas:])), tuple(cores[:-replicas]))


def can_pin() -> bool:
    """Whether this system sets the affinity of threads."""
    return hasattr(os, "sched_setaffinity")


@contextmanager
def thread_on(cores: Collection[int]) -> Iterator[None]:
    """Inside the block the calling thread, and all that it starts, runs on these cores only.

    Raises OSError when it may run on none of them.
    """
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
