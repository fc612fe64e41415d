"""The parts of the measurement: a Redis of its own, one replica, and the writer of copies."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from redis.exceptions import RedisError

from chaos.errors import ChaosError
from chaos.fleet.process_fleet import ProcessFleet
from chaos.fleet.redis_client import connect
from chaos.fleet.redis_server import RedisServer
from chaos.fleet.topology import Topology
from chaos.fleet.waiting import wait_for
from harness.capacity.redis_size.customer import Customer
from harness.capacity.redis_size.writer import Writer

_READY_S = 90.0
_ANSWER_S = 60.0
_RESTART_S = 600.0
_RESTART_POLL_S = 0.002
_QUICK = {"DIYA_MODEL_TTFT_MS": "0", "DIYA_MODEL_TOKENS_PER_S": "1e12"}
"""The model answers at once: only the sessions matter here."""


class Stage:
    """Redis, a replica and the writer, in a directory that goes with them; a context manager."""

    redis: Any
    """A client with a long time-out that never sends twice."""
    writer: Writer
    customer: Customer
    server: str
    """Name and version of the server."""
    server_name: str
    """`redis` or `valkey`."""

    def __init__(
        self,
        directory: Path,
        *,
        redis: str,
        topology: Topology,
        ttl_s: float,
        say: Callable[[str], None],
    ) -> None:
        """Nothing is started.  `directory` must not exist; it is removed at the end, however this
        process ends.

        Raises ChaosConfigError when there is no such server on this machine.
        """
        self._say, self._directory, self._ttl_s = say, directory.absolute(), ttl_s
        self._open = contextlib.ExitStack()
        self._fleet = ProcessFleet(
            self._directory,
            secrets.token_hex(6),
            replicas=1,
            redis=redis,
            sessions="redis",
            ttl_seconds=ttl_s,
            # One server of the set: this measures one shard.
            topology=Topology(aof=topology.aof, rdb=topology.rdb),
            leftovers=[self._directory],
            extra_env=_QUICK,
        )

    def __enter__(self) -> Self:
        """Start everything.  Raises ChaosError."""
        with self._open:
            self._directory.mkdir(mode=0o700, parents=True)
            # The guardian removes it too, but only a fleet that has started has one.
            self._open.callback(shutil.rmtree, self._directory, ignore_errors=True)
            fleet = self._open.enter_context(self._fleet)
            fleet.start(self._say)
            fleet.wait_ready(_READY_S)
            self.redis = self._open.enter_context(connect(fleet.redis.url, _ANSWER_S))
            self.configure()
            info = fleet.redis.info
            self.server_name, self.server = info.name, f"{info.name} {info.version}"
            env = {
                **fleet.process_env,
                "DIYA_REDIS_URL": fleet.redis.url,
                "DIYA_TTL_SECONDS": f"{self._ttl_s:g}",
            }
            log = self._directory / "logs" / "prefill.log"
            self.writer = self._open.enter_context(Writer(env, log))
            (replica,) = fleet.replicas.values()
            self.customer = self._open.enter_context(Customer(replica.port))
            self._port = replica.port
            self._open = self._open.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop everything and remove the directory.  Raises ChaosError when something is left."""
        self._open.close()

    @property
    def url(self) -> str:
        """The address of Redis, password included."""
        return str(self._fleet.redis.url)

    def new_customer(self) -> Customer:
        """Another client of the replica, for another thread."""
        return Customer(self._port)

    def configure(self) -> None:
        """Rewrites of the append-only file happen when they are asked for, and only then."""
        self.redis.config_set("auto-aof-rewrite-percentage", 0)

    def info(self, section: str) -> dict[str, Any]:
        """A section of the server's INFO."""
        found: dict[str, Any] = self.redis.info(section)
        return found

    def used(self) -> float:
        """Bytes in use without the buffers of clients and of the append-only file."""
        memory = self.info("memory")
        buffers = memory["mem_clients_normal"] + memory["mem_aof_buffer"]
        return float(memory["used_memory"] - buffers)

    def empty(self) -> float:
        """Remove every key; returns the bytes in use then."""
        # SYNC, because some servers free memory later by default.
        self.redis.execute_command("FLUSHALL", "SYNC")
        return self.used()

    def restart(self) -> float:
        """Restart Redis; the seconds from the start of the process until it answers a read.

        Raises ChaosError.
        """
        server = self._fleet.redis
        assert isinstance(server, RedisServer)
        if not server.terminate(_RESTART_S):
            raise ChaosError(f"{server.name} did not end within {_RESTART_S:g} s after SIGTERM")
        begun = time.monotonic()
        server.start()
        wait_for(self._reads, _RESTART_S, "Redis to load its data", poll=_RESTART_POLL_S)
        took = time.monotonic() - begun
        self.configure()
        return took

    def _reads(self) -> bool:
        try:
            # A server that loads its data refuses this read.
            return self.redis.randomkey() is not None
        except RedisError:
            return False
