"""The shapes in which Redis can be run: one row each, by the word of `--topology`.

Imports nothing heavy, for the sake of `diya --help`: a row imports its file when it builds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chaos.fleet.topologies.parts import OwnRedis, Parts

SINGLE = "single"

SENTINEL_SET = "sentinel"
CLUSTER = "cluster"
SET_CAPABILITIES: Mapping[str, str] = {
    SENTINEL_SET: "Redis is a Sentinel set",
    CLUSTER: "Redis is a cluster",
}
"""The capabilities that a set of servers can have, and their meanings.  Several shapes may have the
same one: faults ask for the capability, not for the shape."""


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
    """One of `SET_CAPABILITIES`."""
    most_min_replicas: int | None = None
    """The highest `min_replicas`; None: a primary cannot refuse writes for lack of replicas."""
    shards: int | None = None
    """The primaries that share the keys equally, by hash slots; None: each server has all keys."""


def _from(file: str) -> Callable[[Parts], OwnRedis]:
    """The `build` of a file of `chaos/fleet/topologies/`, which is imported when it is called."""

    def build(parts: Parts) -> OwnRedis:
        made: OwnRedis = import_module(f"chaos.fleet.topologies.{file}").build(parts)
        return made

    return build


SHAPES: Mapping[str, Shape] = {
    SINGLE: Shape("single", ("redis",), _from("single")),
    "sentinel": Shape(
        "sentinel (3 servers, 3 sentinels)",
        ("redis-1", "redis-2", "redis-3"),
        _from("sentinel"),
        capability=SENTINEL_SET,
        most_min_replicas=2,
    ),
    "cluster": Shape(
        "cluster (3 + 3)",
        tuple(f"redis-{number}" for number in range(1, 7)),
        _from("cluster"),
        capability=CLUSTER,
        shards=3,
    ),
}

SETS = tuple(name for name, shape in SHAPES.items() if len(shape.servers) > 1)
"""The shapes of several servers."""


def in_words(words: Iterable[str] = SHAPES) -> str:
    """A choice for a sentence: `single, sentinel or cluster`."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last
