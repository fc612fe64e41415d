"""The shapes in which Redis can be run: one row each, by the word of `--topology`.

Imports nothing heavy, for the sake of `diya --help`: a row imports its file when it builds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chaos.fleet.topologies.parts import OwnRedis, Parts

SINGLE = "single"


@dataclass(frozen=True)
class Shape:
    """One form of Redis, of plain local processes."""

    help: str
    """Its entry in `diya readiness --help`."""
    servers: tuple[str, ...]
    """The names of its data servers."""
    build: Callable[[Parts], OwnRedis]
    """Makes the servers, not started.  Raises ChaosConfigError when there is no such binary."""
    capability: str | None = None
    """The meaning of the capability that only this shape has, and that has the shape's name."""
    most_min_replicas: int | None = None
    """The highest `min_replicas`; None: a primary cannot refuse writes for lack of replicas."""


def _single(parts: Parts) -> OwnRedis:
    from chaos.fleet.topologies import single

    return single.build(parts)


def _sentinel(parts: Parts) -> OwnRedis:
    from chaos.fleet.topologies import sentinel

    return sentinel.build(parts)


def _cluster(parts: Parts) -> OwnRedis:
    from chaos.fleet.topologies import cluster

    return cluster.build(parts)


SHAPES: Mapping[str, Shape] = {
    SINGLE: Shape("single", ("redis",), _single),
    "sentinel": Shape(
        "sentinel (3 servers, 3 sentinels)",
        ("redis-1", "redis-2", "redis-3"),
        _sentinel,
        capability="Redis is a Sentinel set",
        most_min_replicas=2,
    ),
    "cluster": Shape(
        "cluster (3 + 3)",
        tuple(f"redis-{number}" for number in range(1, 7)),
        _cluster,
        capability="Redis is a cluster",
    ),
}

SETS = tuple(name for name, shape in SHAPES.items() if shape.capability)
"""The shapes of several servers."""


def shape_of(capabilities: Iterable[str]) -> str:
    """The shape of the Redis whose fleet has these capabilities."""
    return next((name for name in SETS if name in set(capabilities)), SINGLE)


def in_words(words: Iterable[str] = SHAPES) -> str:
    """A choice for a sentence: `single, sentinel or cluster`."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last
