"""The topology of the fleet's own Redis: its shape and its durability."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from chaos.errors import ChaosConfigError
from chaos.fleet.redis_server import Fsync
from chaos.fleet.shapes import SETS, SHAPES, SINGLE, in_words
from chaos.fleet.topologies.parts import OwnRedis, Parts


@dataclass(frozen=True, slots=True)
class Topology:
    """The shape of Redis and its durability.  Raises ChaosConfigError for impossible values."""

    shape: str = SINGLE
    """One of `SHAPES`."""
    aof: Fsync = "everysec"
    rdb: bool = False
    """Snapshots, as Redis takes them by default."""
    min_replicas: int | None = None
    """Sentinel only: a primary refuses writes while it has fewer replicas (default: 1)."""

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise ChaosConfigError(
                f"topology must be one of {', '.join(SHAPES)}, got {self.shape!r}"
            )
        if self.aof not in get_args(Fsync):
            raise ChaosConfigError(
                f"aof must be one of {', '.join(get_args(Fsync))}, got {self.aof!r}"
            )
        if self.min_replicas is not None:
            most = SHAPES[self.shape].most_min_replicas
            if most is None:
                able = in_words(n for n, s in SHAPES.items() if s.most_min_replicas is not None)
                raise ChaosConfigError(
                    f"min-replicas must not be given without --topology {able}, "
                    f"got {self.min_replicas}"
                )
            if not 0 <= self.min_replicas <= most:
                expected = in_words(str(number) for number in range(most + 1))
                raise ChaosConfigError(f"min-replicas must be {expected}, got {self.min_replicas}")

    @property
    def durability(self) -> str:
        """The declared durability of this topology.

        `aof-always`: everything.  `aof-everysec`: all but the last second of a power loss.
        `rdb`: the last snapshot.  `none`: nothing.  `replicated`: the writes that have reached a
        replica, which a primary does not wait for.
        """
        if self.shape in SETS:
            return "replicated"
        if self.aof != "off":
            return f"aof-{self.aof}"
        return "rdb" if self.rdb else "none"

    def described(self) -> dict[str, Any]:
        """For `run.json`."""
        description: dict[str, Any] = {
            "redis": self.shape,
            "aof": self.aof,
            "rdb": self.rdb,
            "durability": self.durability,
        }
        if SHAPES[self.shape].most_min_replicas is not None:
            description["min_replicas"] = self._min_replicas
        if SHAPES[self.shape].shards is not None:
            description["shards"] = SHAPES[self.shape].shards
        return description

    @property
    def capabilities(self) -> frozenset[str]:
        """The capabilities that a fleet has by the shape of its Redis."""
        capability = SHAPES[self.shape].capability
        return frozenset() if capability is None else frozenset({capability})

    @property
    def _min_replicas(self) -> int:
        return 1 if self.min_replicas is None else self.min_replicas

    def build(
        self,
        kind: str,
        directory: Path,
        logs: Path,
        env: Mapping[str, str],
        through: Callable[[str, int], int] | None = None,
    ) -> OwnRedis:
        """The servers, not started.  Raises ChaosConfigError when there is no such binary here.

        `through` makes a link to a server of a set, by its name and port, and says at which port
        others find it.
        """
        parts = Parts(
            kind=kind,
            directory=directory,
            logs=logs,
            env=env,
            aof=self.aof,
            rdb=self.rdb,
            min_replicas=self._min_replicas,
            through=through,
        )
        return SHAPES[self.shape].build(parts)
