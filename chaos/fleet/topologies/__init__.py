"""The forms in which Redis is run, of plain local processes: one word on the command line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from chaos.errors import ChaosConfigError
from chaos.fleet.ports import free_port
from chaos.fleet.redis_server import Fsync, RedisServer
from chaos.fleet.topologies.cluster import ClusterSet
from chaos.fleet.topologies.sentinel import SentinelSet

SHAPES = {
    "single": "one server",
    "sentinel": "a primary, two replicas and three sentinels",
    "cluster": "three primaries with a replica each",
}

OwnRedis = RedisServer | SentinelSet | ClusterSet


@dataclass(frozen=True, slots=True)
class Topology:
    """Which form, and what it keeps.  Raises ChaosConfigError for what cannot be."""

    shape: str = "single"
    """One of `SHAPES`."""
    aof: Fsync = "everysec"
    rdb: bool = False
    """Snapshots, as Redis takes them by default."""
    min_replicas: int | None = None
    """Sentinel only: a primary refuses writes that fewer replicas would hear of (default: 1)."""

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise ChaosConfigError(f"topology = {self.shape!r}: expected {', '.join(SHAPES)}")
        if self.aof not in get_args(Fsync):
            raise ChaosConfigError(f"aof = {self.aof!r}: expected {', '.join(get_args(Fsync))}")
        if self.min_replicas is not None:
            if self.shape != "sentinel":
                raise ChaosConfigError(
                    f"min-replicas = {self.min_replicas}: expected none, or --topology sentinel"
                )
            if not 0 <= self.min_replicas <= 2:
                raise ChaosConfigError(f"min-replicas = {self.min_replicas}: expected 0, 1 or 2")

    @property
    def durability(self) -> str:
        """What this form declares that it keeps.

        `aof-always`: everything.  `aof-everysec`: all but the last second of a power loss.
        `rdb`: what the last snapshot has.  `none`: nothing.  `replicated`: what has reached a
        replica, which a primary does not wait for.
        """
        if self.shape != "single":
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
        if self.shape == "sentinel":
            description["min_replicas"] = self._min_replicas
        return description

    @property
    def capabilities(self) -> frozenset[str]:
        """What only this form can have done to it."""
        return frozenset({self.shape} - {"single"})

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
        if self.shape == "single":
            log = logs / "redis.log"
            return RedisServer(kind, directory, aof=self.aof, rdb=self.rdb, log=log, env=env)

        def server(name: str, password: str, *lines: str) -> RedisServer:
            port = free_port()
            announced = through(name, port) if through else port
            return RedisServer(
                kind,
                directory / name,
                port,
                aof=self.aof,
                announced=announced,
                rdb=self.rdb,
                name=name,
                password=password,
                lines=[line.format(announced=announced) for line in lines],
                log=logs / f"{name}.log",
                env=env,
            )

        if self.shape == "cluster":
            return ClusterSet(server)
        return SentinelSet(server, kind, directory, logs, env, self._min_replicas)
