"""A cluster: three primaries that share the slots, and a replica of each."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from chaos.errors import ChaosError
from chaos.fleet.ports import LOOPBACK, free_port
from chaos.fleet.redis_server import RedisServer
from chaos.fleet.topologies.parts import MakeServer, Parts, ServerSet, ask
from chaos.fleet.waiting import wait_for

SLOTS = 16384
PRIMARIES = 3

_NODE_TIMEOUT_MS = 2000
_START_TIMEOUT = 40.0


class ClusterSet(ServerSet):
    """Six servers; `redis-1` to `redis-3` begin as primaries, `redis-4` follows `redis-1`, ..."""

    def __init__(self, server: MakeServer) -> None:
        """Nothing is started."""
        password = secrets.token_hex(24)
        # Not the usual port + 10000: an outgoing connection may have that one.
        self._buses = [free_port() for _ in range(2 * PRIMARIES)]
        super().__init__(
            [
                server(
                    f"redis-{number}",
                    password,
                    "cluster-enabled yes",
                    f"cluster-port {bus}",
                    f"cluster-announce-ip {LOOPBACK}",
                    "cluster-announce-port {announced}",
                    f"cluster-announce-bus-port {bus}",
                    f"cluster-node-timeout {_NODE_TIMEOUT_MS}",
                    "cluster-require-full-coverage no",
                    f"masterauth {password}",
                    "repl-diskless-sync-delay 0",
                )
                for number, bus in enumerate(self._buses, start=1)
            ]
        )
        hosts = ",".join(f"{LOOPBACK}:{each.announced}" for each in self.servers.values())
        self.url = f"redis+cluster://:{password}@{hosts}"
        """The address, password included: for the environment of replicas, never for logs."""
        self.address = f"redis+cluster://{hosts}"
        """The address without the password."""

    def start(self) -> None:
        """Start the servers and make them one cluster.  Raises ChaosError."""
        for server in self.servers.values():
            server.start()
        for server in self.servers.values():
            server.wait_ready()
        self._form()
        wait_for(self._whole, _START_TIMEOUT, "the cluster to become complete")

    def primaries(self) -> Sequence[RedisServer]:
        """The servers that have slots, as the rest of the cluster sees it.

        Raises ChaosError when no server answers.
        """
        rows = self._rows()
        if not rows:
            raise ChaosError("no server of the cluster answers")
        return [row.server for row in rows if row.has_slots and not row.failed]

    def answers(self) -> bool:
        """Whether every slot has a primary that answers."""
        rows = self._rows()
        primaries = [row.server for row in rows if row.has_slots and not row.failed]
        return len(primaries) == PRIMARIES and all(
            _is_primary(server) and _sees_all(server) for server in primaries
        )

    def _form(self) -> None:
        servers = list(self.servers.values())
        first = servers[0]
        edges = [SLOTS * part // PRIMARIES for part in range(PRIMARIES + 1)]
        for number, server in enumerate(servers):
            if number < PRIMARIES:
                _do(server, "CLUSTER", "ADDSLOTSRANGE", edges[number], edges[number + 1] - 1)
            if number:
                _do(server, "CLUSTER", "MEET", LOOPBACK, first.announced, self._buses[0])
        count = len(servers)
        wait_for(
            lambda: all(_cluster_info(s).get("cluster_known_nodes") == str(count) for s in servers),
            _START_TIMEOUT,
            f"{count} servers to know each other",
        )
        for number, server in enumerate(servers[PRIMARIES:]):
            _do(server, "CLUSTER", "REPLICATE", _do(servers[number], "CLUSTER", "MYID"))

    def _whole(self) -> bool:
        rows = self._rows()
        return self.answers() and all(
            len([row for row in rows if row.follows == primary.id]) == 1
            and _followers(primary.server) == 1
            for primary in rows
            if primary.has_slots
        )

    def _rows(self) -> list[_Row]:
        """The state of all servers, from the first that answers and belongs to the majority."""
        by_port = {server.announced: server for server in self.servers.values()}
        for server in self.servers.values():
            if not server.running or _cluster_info(server).get("cluster_state") != "ok":
                continue
            answer = ask(server.url, "CLUSTER NODES")
            if answer:
                return [
                    _Row(by_port[port], fields)
                    for address, fields in answer.items()
                    if (port := int(address.rpartition(":")[2])) in by_port
                ]
        return []


def build(parts: Parts) -> ClusterSet:
    """The cluster, not started.  Raises ChaosConfigError when there is no such binary here."""
    return ClusterSet(parts.server)


class _Row:
    """One line of CLUSTER NODES, as redis-py reads it."""

    def __init__(self, server: RedisServer, fields: dict[str, Any]) -> None:
        flags = fields["flags"].split(",")
        self.server = server
        self.id: str = fields["node_id"]
        self.failed = "fail" in flags
        self.has_slots = "master" in flags and bool(fields["slots"])
        self.follows: str | None = fields["master_id"] if "slave" in flags else None


def _do(server: RedisServer, *command: str | int) -> Any:
    answer = ask(server.url, *command)
    if answer is None:
        raise ChaosError(f"{server.name} did not {' '.join(map(str, command[:2]))}")
    return answer


def _cluster_info(server: RedisServer) -> dict[str, Any]:
    return ask(server.url, "CLUSTER INFO") or {}


def _is_primary(server: RedisServer) -> bool:
    role = ask(server.url, "ROLE")
    return bool(role) and role[0] == "master"


def _followers(server: RedisServer) -> int:
    role = ask(server.url, "ROLE")
    return len(role[2]) if role and role[0] == "master" else 0


def _sees_all(server: RedisServer) -> bool:
    info = _cluster_info(server)
    return info.get("cluster_state") == "ok" and info.get("cluster_slots_ok") == str(SLOTS)
