"""Parts that Sentinel sets and clusters share."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import redis

from chaos.errors import ChaosError
from chaos.fleet.ports import free_port
from chaos.fleet.redis_client import ServerInfo, connect
from chaos.fleet.redis_server import Fsync, RedisServer
from chaos.fleet.waiting import TimeLeft, wait_for


class MakeServer(Protocol):
    """Makes one data server, not started: its name, the password, lines of configuration.

    `{announced}` in a line is the port that others are told of.
    """

    def __call__(self, name: str, password: str, *lines: str) -> RedisServer: ...


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The parts from which a shape of Redis is built."""

    kind: str
    """`auto`, `bundled` or `system`."""
    directory: Path
    logs: Path
    env: Mapping[str, str]
    aof: Fsync
    rdb: bool
    min_replicas: int
    through: Callable[[str, int], int] | None
    """Makes a link to a server of a set, by its name and port; the port at which others find it."""

    def server(self, name: str, password: str, *lines: str) -> RedisServer:
        """A `MakeServer`.  Raises ChaosConfigError when there is no such binary here."""
        port = free_port()
        announced = self.through(name, port) if self.through else port
        return RedisServer(
            self.kind,
            self.directory / name,
            port,
            aof=self.aof,
            announced=announced,
            rdb=self.rdb,
            name=name,
            password=password,
            lines=[line.format(announced=announced) for line in lines],
            log=self.logs / f"{name}.log",
            env=self.env,
        )


class ServerSet(ABC):
    """Several data servers that are one store."""

    def __init__(self, servers: Sequence[RedisServer]) -> None:
        self.servers: Mapping[str, RedisServer] = {server.name: server for server in servers}
        """Every data server by name."""

    url: str
    """The address, password included: for the environment of replicas, never for logs."""
    address: str
    """The address without the password."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {', '.join(self.servers)}>"

    @property
    def info(self) -> ServerInfo:
        """Name, version and allocator.  Raises ChaosError when no server answers."""
        for server in self.servers.values():
            if server.answers():
                return server.info
        raise ChaosError(f"none of {', '.join(self.servers)} answers")

    @abstractmethod
    def answers(self) -> bool:
        """Whether every part of the data can be written now."""

    @abstractmethod
    def start(self) -> None:
        """Start the servers and make them one store.  Raises ChaosError."""

    @abstractmethod
    def primaries(self) -> Sequence[RedisServer]:
        """The servers that take writes now.  Raises ChaosError when no server can say it."""

    def wait_ready(self, timeout: float = 20.0) -> None:
        """Wait until every part of the data can be written, and every server has its data.

        Raises ChaosError after `timeout` seconds.
        """
        wait_for(
            lambda: self.answers() and all(s.answers() for s in self.servers.values() if s.running),
            timeout,
            f"the {len(self.servers)} servers of Redis to become ready",
        )

    def close(self) -> None:
        """Kill all for good, without waiting, and remove the files that hold the password."""
        for server in self.servers.values():
            server.close()

    def wait_ended(self, timeout: float) -> bool:
        """Whether all have ended, after at most `timeout` seconds."""
        left = TimeLeft(timeout)
        return all(server.wait_ended(left.seconds()) for server in self.servers.values())


OwnRedis = RedisServer | ServerSet
"""The fleet's own Redis, of any shape."""


def ask(url: str, *command: str | int, timeout: float = 1.0) -> Any:
    """A server's answer to a command; None without one, or for an error."""
    with contextlib.suppress(redis.RedisError), connect(url, timeout) as client:
        return client.execute_command(*command)
    return None
