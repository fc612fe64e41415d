"""Redis in its larger forms, of real processes: a Sentinel set, and a cluster of three."""

from __future__ import annotations

import contextlib
import secrets
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from chaos.fleet.ports import free_port
from tests.target_service.processes import wait_until

PRIMARY = "shop"
SLOTS = 16384


class Server:
    """One server process; `lines` of configuration beside port, folder and password."""

    def __init__(self, command: list[str], folder: Path, password: str, *lines: str) -> None:
        self.port = free_port()
        folder.mkdir(parents=True)
        config = folder / "server.conf"
        own = (f"port {self.port}", "bind 127.0.0.1", f"dir {folder}", f"logfile {folder}/log")
        config.write_text("\n".join((*own, f"requirepass {password}", *lines)) + "\n")
        self.process = subprocess.Popen([command[0], str(config), *command[1:]])
        self.client: Any = redis.Redis(
            port=self.port, password=password, socket_timeout=2, retry=Retry(NoBackoff(), 0)
        )
        """A plain client; untyped, because redis-py types every answer as maybe awaitable."""

    def wait_until_it_answers(self) -> None:
        wait_until(self._answers, 10, f"the server on port {self.port} answers")

    def info(self, section: str) -> dict[str, Any]:
        return dict(self.client.info(section))

    def kill(self) -> None:
        """kill -9, and reap."""
        self.process.kill()
        self.process.wait()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Stopped by a signal: connections stay open and nothing answers."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        with contextlib.suppress(redis.RedisError):
            return bool(self.client.ping())
        return False


class Servers:
    """Several servers with one password, ended together."""

    def __init__(self, binary: str, folder: Path) -> None:
        self._binary = binary
        self._folder = folder
        self.password = secrets.token_hex(8)
        self.all: list[Server] = []

    def start(self, *lines: str, sentinel: bool = False) -> Server:
        """One more server, not yet ready."""
        command = [self._binary, *(["--sentinel"] if sentinel else [])]
        folder = self._folder / str(len(self.all))
        self.all.append(Server(command, folder, self.password, *lines))
        return self.all[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for server in self.all:
            server.kill()
            server.client.close()


class SentinelSet(Servers):
    """A primary, two replicas and three sentinels that give a silent primary half a second."""

    def __init__(self, binary: str, folder: Path) -> None:
        super().__init__(binary, folder)
        shared = (
            f"masterauth {self.password}",
            "appendonly yes",
            'save ""',
            "repl-diskless-sync-delay 0",
        )
        self.primary = self.start(*shared)
        self.replicas = [
            self.start(*shared, f"replicaof 127.0.0.1 {self.primary.port}") for _ in "ab"
        ]
        for server in self.all:
            server.wait_until_it_answers()
        wait_until(lambda: self._attached() == 2, 10, "both replicas are attached")
        watch = (
            f"sentinel monitor {PRIMARY} 127.0.0.1 {self.primary.port} 2",
            f"sentinel auth-pass {PRIMARY} {self.password}",
            f"sentinel sentinel-pass {self.password}",
            f"sentinel down-after-milliseconds {PRIMARY} 500",
            f"sentinel failover-timeout {PRIMARY} 3000",
        )
        self.sentinels = [self.start(*watch, sentinel=True) for _ in "abc"]
        for server in self.sentinels:
            server.wait_until_it_answers()
        wait_until(self._acquainted, 15, "the sentinels know each other and the replicas")

    @property
    def uri(self) -> str:
        hosts = ",".join(f"127.0.0.1:{each.port}" for each in self.sentinels)
        return f"redis+sentinel://:{self.password}@{hosts}/{PRIMARY}"

    def _attached(self) -> int:
        return int(self.primary.info("replication")["connected_slaves"])

    def _acquainted(self) -> bool:
        known = [each.client.sentinel_masters()[PRIMARY] for each in self.sentinels]
        return all(
            each["num-slaves"] == 2 and each["num-other-sentinels"] == 2 and each["is_master"]
            for each in known
        )


class ClusterOfThree(Servers):
    """Three primaries that share the slots."""

    def __init__(self, binary: str, folder: Path) -> None:
        super().__init__(binary, folder)
        # Not the usual port + 10000: an outgoing connection may have that one.
        buses = [free_port() for _ in "abc"]
        for bus in buses:
            self.start(
                "cluster-enabled yes",
                f"cluster-port {bus}",
                "cluster-node-timeout 2000",
                'save ""',
                f"masterauth {self.password}",
                "cluster-require-full-coverage no",
            )
        for server in self.all:
            server.wait_until_it_answers()
        edges = [SLOTS * part // 3 for part in range(4)]
        for number, server in enumerate(self.all):
            server.client.execute_command(
                "CLUSTER ADDSLOTSRANGE", edges[number], edges[number + 1] - 1
            )
            server.client.execute_command("CLUSTER MEET", "127.0.0.1", self.all[0].port, buses[0])
        wait_until(self._is_whole, 20, "every node knows every slot's owner")

    @property
    def uri(self) -> str:
        return f"redis+cluster://:{self.password}@127.0.0.1:{self.all[0].port}"

    def owner(self, key: str) -> Server:
        """The node that has this key's slot."""
        slot = int(self.all[0].client.execute_command("CLUSTER KEYSLOT", key))
        return self.all[
            min(range(3), key=lambda number: (slot >= SLOTS * (number + 1) // 3, number))
        ]

    def _is_whole(self) -> bool:
        known = [each.client.execute_command("CLUSTER INFO") for each in self.all]
        return all(
            each["cluster_state"] == "ok"
            and each["cluster_slots_assigned"] == str(SLOTS)
            and each["cluster_known_nodes"] == "3"
            for each in known
        )


class Move:
    """Moves the slot of a key to another node of the cluster, in its two steps."""

    def __init__(self, cluster: ClusterOfThree, key: str) -> None:
        self._cluster = cluster
        self._slot = cluster.all[0].client.execute_command("CLUSTER KEYSLOT", key)
        self._ids = {
            server.port: server.client.execute_command("CLUSTER MYID") for server in cluster.all
        }
        self.source = cluster.owner(key)
        self.target = next(server for server in cluster.all if server is not self.source)

    def keys(self) -> None:
        """Bring all keys to the target, while the slot is still the source's."""
        source, target, slot = self.source.client, self.target.client, self._slot
        target.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", self._ids[self.source.port])
        source.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", self._ids[self.target.port])
        found = source.execute_command("CLUSTER GETKEYSINSLOT", slot, 100)
        where = ("127.0.0.1", self.target.port, "", 0, 2000)
        source.execute_command("MIGRATE", *where, "AUTH", self._cluster.password, "KEYS", *found)

    def slot(self, to: Server) -> None:
        """Tell all nodes the new owner of the slot, the owner first.

        With a new epoch, so that nodes prefer its claim to older messages that are still in flight.
        """
        mine = ("CLUSTER SETSLOT", self._slot, "NODE", self._ids[to.port])
        to.client.execute_command(*mine)
        to.client.execute_command("CLUSTER BUMPEPOCH")
        for server in self._cluster.all:
            server.client.execute_command("CLUSTER SETSLOT", self._slot, "NODE", self._ids[to.port])
