"""The configurations: what is played for real, and what the simulator must foresee.

Every replica shares one core, and the balancer, Redis, the generator and the harness have the other
one, so that two cores are enough for twelve replicas, and the load never starves its generator.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

WARM_UP_S, MEASURED_S = 6.0, 24.0
KILL_AT_S = 14.0


@dataclass(frozen=True, slots=True)
class Configuration:
    """One run."""

    name: str
    replicas: int
    share: float
    """The load, as a share of what the one core carries by the calibration."""
    profile: str = "diwali"
    journeys: tuple[str, ...] = ()
    """Only these of the profile's journeys; none: all."""
    slower_model: float = 1.0
    """Times that the model takes as long."""
    kill: bool = False
    """Whether the first replica is killed at `KILL_AT_S`."""
    seed: int = 1


def configurations() -> list[Configuration]:
    """All of them, each with a seed of its own."""
    return [replace(each, seed=7000 + number) for number, each in enumerate(_all())]


def _all() -> Iterator[Configuration]:
    for replicas, shares in (
        (1, (0.6, 0.75, 0.85, 0.95, 1.1)),
        (2, (0.6, 0.85, 1.1)),
        (3, (0.6, 0.75, 0.85, 0.95)),
        (12, (0.6, 0.75, 0.85, 1.1)),
    ):
        for share in shares:
            yield Configuration(f"n{replicas}-{share:g}", replicas, share)
    for replicas, share in ((1, 0.6), (1, 0.85), (3, 0.75), (12, 0.6)):
        name = f"n{replicas}-{share:g}-slow-model"
        yield Configuration(name, replicas, share, slower_model=3.0)
    for replicas, share in ((1, 0.6), (3, 0.85)):
        name = f"n{replicas}-{share:g}-flash-sale"
        yield Configuration(name, replicas, share, profile="flash-sale")
    yield Configuration("n2-0.75-complaints", 2, 0.75, journeys=("complaint", "gift_order"))
    for replicas, share in ((2, 0.6), (3, 0.6), (12, 0.75)):
        yield Configuration(f"n{replicas}-{share:g}-kill", replicas, share, kill=True)
