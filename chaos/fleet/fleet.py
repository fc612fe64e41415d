"""The fleet of one run: guardian, Redis, replicas and the load balancer in front of them."""

from __future__ import annotations

import glob
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

import psutil

import diya_start
from chaos.errors import ChaosConfigError, ChaosError
from chaos.fleet.active_faults import ActiveFaults
from chaos.fleet.environment import LoadSwitch, ModelSwitch, Network
from chaos.fleet.envoy import Envoy
from chaos.fleet.guardian import RUN_ID_VARIABLE, Guardian
from chaos.fleet.model_switch import VARIABLE, ModelSwitchFile
from chaos.fleet.network import SIDES, ProxyProcess
from chaos.fleet.ports import ensure_free, free_port
from chaos.fleet.redis_external import ExternalRedis
from chaos.fleet.redis_server import RedisServer
from chaos.fleet.replica import Replica
from chaos.fleet.topologies import OwnRedis, Topology

REPLICA_MEMORY = 140_000_000
"""Bytes that one replica of the reference service needs."""

MOST_REPLICAS = 99

_SERVICE = diya_start.command("target_service", users=True)
_POLL = 0.1
_STOP_TIMEOUT = 3.0


class Fleet:
    """What can be started, killed and frozen; a context manager that starts nothing by itself."""

    def __init__(
        self,
        run_dir: Path,
        run_id: str,
        replicas: int = 12,
        redis: str = "auto",
        sessions: str = "redis",
        ttl_seconds: float = 30.0,
        base_port: int | None = None,
        replica_command: Sequence[str] | None = None,
        extra_env: Mapping[str, str] | None = None,
        *,
        topology: Topology | None = None,
        proxy: bool = False,
        load: LoadSwitch | None = None,
        authorised: bool = False,
        leftovers: Sequence[Path] = (),
    ) -> None:
        """Plan the fleet; nothing is started.

        `redis` is `auto`, `bundled`, `system` or an address; `topology` is the form in which it is
        run, unless it is an address.  With `base_port` the balancer listens
        there and the replicas on the ports after it.  `--host` and `--port` are added to
        `replica_command`.  `load` is the switch of the load that will be put on it, if there is to
        be one.  `authorised` allows an external Redis that is not loopback.
        `leftovers` are removed with the fleet, also when this process is killed.

        Raises ChaosConfigError for what cannot be: ports in use, no such server, an odd count.
        """
        if not 1 <= replicas <= MOST_REPLICAS:
            raise ChaosConfigError(f"replicas = {replicas}: expected 1 to {MOST_REPLICAS}")
        self.run_id = run_id
        self.run_dir = run_dir.absolute()
        self._memory = 0 if replica_command else replicas * REPLICA_MEMORY
        logs = self.run_dir / "logs"
        env = {**os.environ, RUN_ID_VARIABLE: run_id}
        self.marks: Mapping[str, str] = env
        """The environment of processes that must not outlive the run."""
        self.active_faults = ActiveFaults()
        self._proxy = ProxyProcess(logs / "proxy.log", env) if proxy else None
        self.redis: OwnRedis | ExternalRedis
        self._topology = topology or Topology()
        if "://" in redis:
            self.redis = ExternalRedis(redis, authorised=authorised)
        else:
            links = self._proxy
            through = None if links is None else lambda who, port: links.plan("redis", who, port)
            self.redis = self._topology.build(redis, self.run_dir / "redis", logs, env, through)
        self._moods = ModelSwitchFile(self.run_dir / "model")
        # Only ShopMax's agent has the scripted model, and that only when it is told to.
        replicas_own = {**env, **(extra_env or {})}
        self._scripted = (
            replicas_own.get("DIYA_MODEL", "scripted") == "scripted"
            and "DIYA_AGENT" not in replicas_own
        )
        self._load = load
        ports = _ports(base_port, replicas + 1)
        service_env = {
            **env,
            "DIYA_REDIS_URL": self.redis.url,
            "DIYA_SESSIONS": sessions,
            VARIABLE: str(self._moods.path),
            "DIYA_TTL_SECONDS": f"{ttl_seconds:g}",
            **(extra_env or {}),
        }
        names = [f"r{number:02d}" for number in range(1, replicas + 1)]
        self.replicas: dict[str, Replica] = {
            name: Replica(
                name,
                port,
                {**service_env, **self._redis_through_proxy(name)},
                logs / f"{name}.log",
                replica_command or _SERVICE,
            )
            for name, port in zip(names, ports[1:], strict=True)
        }
        self.balancer = Envoy(
            {each.name: self._balanced_port(each) for each in self.replicas.values()},
            ports[0],
            self.run_dir,
            log=logs / "envoy.log",
            env=env,
        )
        self._leftovers = [glob.escape(str(each)) for each in leftovers]
        self._guardian: Guardian | None = None
        self._progress: Callable[[str], None] = _silent
        self._stopped = False
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def capabilities(self) -> frozenset[str]:
        """What can be done to processes, and to the Redis that this fleet has."""
        can = {"kill", "terminate", "freeze", "restart", "cpu", "memory"}
        if self.redis.servers:
            can |= {"redis-config", "redis-data", *self._topology.capabilities}
        if self._scripted:
            can.add("model")
        if self._load is not None:
            can.add("load")
        if self._proxy is not None:
            can |= {f"network-{side}" for side in SIDES if self._proxy.links(side)}
        return frozenset(can)

    @property
    def network(self) -> Network:
        """The proxies on the way.  Raises ChaosError when there are none."""
        if self._proxy is None:
            raise ChaosError("the fleet runs without proxies on the way")
        return self._proxy

    @property
    def model(self) -> ModelSwitch:
        """The switch of all replicas' scripted models.  Raises ChaosError for a real model."""
        if not self._scripted:
            raise ChaosError("the fleet's model is a real one: it cannot be switched")
        return self._moods

    @property
    def load(self) -> LoadSwitch:
        """The load generator's switch.  Raises ChaosError for a fleet that is under no load."""
        if self._load is None:
            raise ChaosError("the fleet is under no load of a run")
        return self._load

    @property
    def url(self) -> str:
        """Where customers come in: the load balancer."""
        return self.balancer.url

    def start(self, progress: Callable[[str], None] | None = None) -> None:
        """Start the guardian and Redis, then all replicas side by side, then the balancer.

        Returns when all processes are started and Redis is ready; see `wait_ready`.  Raises
        ChaosError, or ChaosConfigError when the machine or the given Redis does not allow it.
        """
        self._progress = progress or _silent
        self._require_memory()
        leftovers = [*password_files(self.run_dir), *self._leftovers]
        self._guardian = Guardian.start(self.run_id, leftovers)
        if self._proxy is not None:
            self._proxy.open()
        self.redis.start()
        self.redis.wait_ready()
        info = self.redis.info
        self._progress(f"{info.name} {info.version} ready")
        for replica in self.replicas.values():
            replica.start()
        self.balancer.start()
        self._progress(f"{len(self.replicas)} replicas and the balancer started")

    def wait_ready(self, timeout: float = 60.0) -> None:
        """Wait until every replica is ready and the balancer routes to all of them.

        Raises ChaosConfigError with a replica's own sentence when it refused its configuration,
        ChaosError with the end of its log when it ended, or when `timeout` seconds pass.
        """
        deadline = time.monotonic() + timeout
        pending = dict(self.replicas)
        while pending:
            for name, replica in list(pending.items()):
                replica.check_alive()
                if replica.ready():
                    del pending[name]
                    ready = len(self.replicas) - len(pending)
                    self._progress(f"{ready} of {len(self.replicas)} replicas ready")
                elif time.monotonic() > deadline:
                    raise ChaosError(
                        f"{', '.join(pending)} not ready within {timeout:g} s; see {replica.log}"
                    )
            if pending:
                time.sleep(_POLL)
        self.wait_balanced(max(1.0, deadline - time.monotonic()))
        self._progress(f"the balancer routes to all {len(self.replicas)} replicas")

    def wait_balanced(self, timeout: float = 10.0) -> None:
        """Wait until the balancer routes to every replica that runs and is not frozen.

        Raises ChaosError after `timeout` seconds.
        """
        able = [name for name, r in self.replicas.items() if r.running and not r.frozen]
        self.balancer.wait_in_rotation(able, timeout)

    def stop(self) -> None:
        """Kill everything that carries the run's id, at once.  May be called again.

        That includes what others started with the id, such as the load generator.  Raises
        ChaosError when a process cannot be killed.
        """
        with self._lock:
            if self._stopped:
                return
            self._stopped = True
        proxies = [] if self._proxy is None else [self._proxy]
        processes = [self.balancer, *self.replicas.values(), self.redis, *proxies]
        for process in processes:
            process.close()
        if self._guardian is not None:
            self._guardian.close()
        deadline = time.monotonic() + _STOP_TIMEOUT
        for process in processes:
            process.wait_ended(max(0.0, deadline - time.monotonic()))

    def _redis_through_proxy(self, replica: str) -> dict[str, str]:
        if self._proxy is None or not isinstance(self.redis, RedisServer):
            return {}
        port = self._proxy.plan("redis", replica, self.redis.port)
        return {"DIYA_REDIS_URL": self.redis.url.replace(f":{self.redis.port}/", f":{port}/")}

    def _balanced_port(self, replica: Replica) -> int:
        if self._proxy is None:
            return replica.port
        return self._proxy.plan("balancer", replica.name, replica.port)

    def _require_memory(self) -> None:
        available = psutil.virtual_memory().available
        if available < self._memory:
            raise ChaosConfigError(
                f"replicas = {len(self.replicas)}: they need {self._memory / 1e9:.1f} GB of memory "
                f"and {available / 1e9:.1f} GB are free: expected at most "
                f"{available // REPLICA_MEMORY}"
            )


def password_files(run_dir: Path) -> list[str]:
    """Configurations of Redis and its sentinels, and what is half written of one."""
    redis = glob.escape(str(run_dir / "redis"))
    return [f"{redis}/**/*{name}.conf*" for name in ("redis", "sentinel")]


def _ports(base_port: int | None, count: int) -> list[int]:
    if base_port is None:
        return [free_port() for _ in range(count)]
    ports = list(range(base_port, base_port + count))
    for port in ports:
        ensure_free(port)
    return ports


def _silent(_: str) -> None:
    pass
