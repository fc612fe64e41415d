"""A primary and its replicas, watched by sentinels."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from chaos.errors import ChaosError
from chaos.fleet.ports import LOOPBACK, free_port
from chaos.fleet.process import ManagedProcess
from chaos.fleet.redis_binary import find_server
from chaos.fleet.redis_server import RedisServer, write_private
from chaos.fleet.topologies.parts import MakeServer, Parts, ServerSet, ask
from chaos.fleet.waiting import wait_for

PRIMARY = "shop"
"""The name under which the sentinels know the primary."""
LINK_USER = "link"
"""Sentinels and replicas log in as this user, customers' replicas do not: so the one side can be
cut off and not the other."""

_DOWN_AFTER_MS = 2000
"""Longer than a restart takes: if a primary comes back while another is being promoted, both take
writes for a moment."""
_FAILOVER_TIMEOUT_MS = 3000
_REPLICA_LAG_S = 3
"""A replica that has said nothing for so long does not count for min-replicas-to-write."""
_START_TIMEOUT = 20.0


class Sentinel(ManagedProcess):
    """One watcher."""

    def __init__(
        self,
        name: str,
        kind: str,
        directory: Path,
        log: Path,
        env: Mapping[str, str],
        password: str,
        primary_port: int,
        quorum: int,
    ) -> None:
        """Nothing is started.  Raises ChaosConfigError when there is no such binary here."""
        self.port = free_port()
        self.url = f"redis://:{password}@{LOOPBACK}:{self.port}"
        """Where it answers, password included: never for logs."""
        self._config = directory.absolute() / "sentinel.conf"
        self._lines = (
            f"port {self.port}",
            f"bind {LOOPBACK}",
            f"requirepass {password}",
            "daemonize no",
            "set-proc-title no",
            f"sentinel monitor {PRIMARY} {LOOPBACK} {primary_port} {quorum}",
            f"sentinel auth-user {PRIMARY} {LINK_USER}",
            f"sentinel auth-pass {PRIMARY} {password}",
            f"sentinel sentinel-pass {password}",
            f"sentinel down-after-milliseconds {PRIMARY} {_DOWN_AFTER_MS}",
            f"sentinel failover-timeout {PRIMARY} {_FAILOVER_TIMEOUT_MS}",
        )
        super().__init__(
            name,
            [str(find_server(kind)), self._config.name, "--sentinel"],
            log=log,
            env=env,
            cwd=self._config.parent,
        )

    def start(self, *more: str) -> None:
        """Start it; it keeps the state that it has learnt in its own file."""
        if not self._config.exists():
            self._config.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(self._config, self._lines)
        super().start(*more)

    def close(self) -> None:
        """Kill it for good, without waiting, and remove the file that holds the password."""
        super().close()
        self._config.unlink(missing_ok=True)

    def knows(self, replicas: int, others: int) -> bool:
        """Whether it has found this many replicas and other sentinels."""
        answer = ask(self.url, "SENTINEL", "MASTER", PRIMARY) or {}
        found = (answer.get("num-slaves", 0), answer.get("num-other-sentinels", 0))
        return (int(found[0]), int(found[1])) == (replicas, others)

    def primary_port(self) -> int | None:
        """The primary's port by its answer; None without one."""
        answer = ask(self.url, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", PRIMARY)
        return int(answer[1]) if answer else None


class SentinelSet(ServerSet):
    """The servers and their sentinels; a set of another size derives from it."""

    SERVERS: ClassVar[int] = 3
    SENTINELS: ClassVar[int] = 3

    def __init__(
        self,
        server: MakeServer,
        kind: str,
        directory: Path,
        logs: Path,
        env: Mapping[str, str],
        min_replicas: int,
    ) -> None:
        """Nothing is started.  Raises ChaosConfigError when there is no such binary here."""
        password = secrets.token_hex(24)
        shared = (
            f"user {LINK_USER} on >{password} ~* &* +@all",
            f"masteruser {LINK_USER}",
            f"masterauth {password}",
            "repl-diskless-sync-delay 0",
            f"replica-announce-ip {LOOPBACK}",
            "replica-announce-port {announced}",
            f"min-replicas-to-write {min_replicas}",
            f"min-replicas-max-lag {_REPLICA_LAG_S}",
        )
        first = server("redis-1", password, *shared)
        follow = f"replicaof {LOOPBACK} {first.announced}"
        others = [f"redis-{n}" for n in range(2, self.SERVERS + 1)]
        super().__init__([first, *(server(name, password, *shared, follow) for name in others)])
        self._first = first
        self.sentinels: Sequence[Sentinel] = [
            Sentinel(
                f"sentinel-{n}",
                kind,
                directory / f"sentinel-{n}",
                logs / f"sentinel-{n}.log",
                env,
                password,
                first.announced,
                quorum=self.SENTINELS // 2 + 1,
            )
            for n in range(1, self.SENTINELS + 1)
        ]
        hosts = ",".join(f"{LOOPBACK}:{each.port}" for each in self.sentinels)
        self.url = f"redis+sentinel://:{password}@{hosts}/{PRIMARY}"
        """The address, password included: for the environment of replicas, never for logs."""
        self.address = f"redis+sentinel://{hosts}/{PRIMARY}"
        """The address without the password."""

    def start(self) -> None:
        """Start the servers, then the sentinels; returns when they know each other.

        Raises ChaosError.
        """
        for server in self.servers.values():
            server.start()
        for server in self.servers.values():
            server.wait_ready()
        replicas, others = self.SERVERS - 1, self.SENTINELS - 1
        wait_for(
            lambda: self._followers() == replicas,
            _START_TIMEOUT,
            f"{replicas} replicas to follow redis-1",
        )
        for sentinel in self.sentinels:
            sentinel.start()
        wait_for(
            lambda: all(each.knows(replicas, others) for each in self.sentinels),
            _START_TIMEOUT,
            f"{self.SENTINELS} sentinels to know each other",
        )

    def primary(self) -> RedisServer:
        """The server that most sentinels name.  Raises ChaosError when they do not agree."""
        named = [port for each in self.sentinels if (port := each.primary_port()) is not None]
        for server in self.servers.values():
            if named.count(server.announced) * 2 > len(self.sentinels):
                return server
        raise ChaosError("the sentinels do not agree on a primary")

    def primaries(self) -> Sequence[RedisServer]:
        """The one that most sentinels name.  Raises ChaosError when they do not agree."""
        return [self.primary()]

    def answers(self) -> bool:
        """Whether the primary that the sentinels name answers, and knows that it is one."""
        try:
            role = ask(self.primary().url, "ROLE")
        except ChaosError:
            return False
        return bool(role) and role[0] == "master"

    def close(self) -> None:
        """Kill all for good, without waiting, and remove the files that hold the password."""
        for sentinel in self.sentinels:
            sentinel.close()
        super().close()

    def wait_ended(self, timeout: float) -> bool:
        """Whether all have ended, after at most `timeout` seconds."""
        return super().wait_ended(timeout) and all(s.wait_ended(timeout) for s in self.sentinels)

    def _followers(self) -> int:
        role = ask(self._first.url, "ROLE")
        return len(role[2]) if role and role[0] == "master" else 0


def build(parts: Parts) -> SentinelSet:
    """The set, not started.  Raises ChaosConfigError when there is no such binary here."""
    return SentinelSet(
        parts.server, parts.kind, parts.directory, parts.logs, parts.env, parts.min_replicas
    )
