"""The fleet of one run as processes: guardian, Redis, replicas and the load balancer."""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import psutil

import diya_start
from chaos.errors import ChaosConfigError
from chaos.fleet.environment import LoadSwitch
from chaos.fleet.envoy import Envoy
from chaos.fleet.guardian import Guardian
from chaos.fleet.lifecycle import FleetLifecycle, replica_names
from chaos.fleet.model_switch import VARIABLE, ModelSwitchFile
from chaos.fleet.network import SIDES, ProxyProcess
from chaos.fleet.no_redis import NoRedis
from chaos.fleet.parts import Part
from chaos.fleet.pinning import Cores, thread_on
from chaos.fleet.plan import POSTGRES, SESSION_URI, FleetPlan
from chaos.fleet.ports import ensure_free, free_port
from chaos.fleet.postgres import Postgres, folder_of
from chaos.fleet.redis_external import ExternalRedis
from chaos.fleet.redis_server import RedisServer
from chaos.fleet.replica import Replica
from chaos.fleet.stand_in import StandInPlan
from chaos.fleet.topologies.parts import OwnRedis
from chaos.fleet.topology import Topology
from chaos.fleet.waiting import TimeLeft

REPLICA_MEMORY = 140_000_000
"""Bytes that one replica of the reference service needs."""

_SERVICE = diya_start.command("target_service", users=True)
_STOP_TIMEOUT = 3.0


class ProcessFleet(FleetLifecycle):
    """A fleet of processes below this one."""

    redis: OwnRedis | ExternalRedis | NoRedis
    replicas: Mapping[str, Replica]
    balancer: Envoy

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
        cores: Cores | None = None,
        stand_in: StandInPlan | None = None,
    ) -> None:
        """Plan the fleet; nothing is started.

        `redis` is `auto`, `bundled`, `system` or an address; `topology` is the form in which it is
        run, unless it is an address.  No Redis is run for sessions that are elsewhere: with the
        sessions `postgres` they are in a PostgreSQL of the fleet's own, and with
        DIYA_SESSION_SERVICE_URI in `extra_env` in the service of that URI.

        With `base_port` the balancer listens there and the replicas on the ports after it.
        `--host` and `--port` are added to `replica_command`.  `load` is the switch of the load that
        will be put on it, if there is to be one.  `authorised` allows an external Redis that is not
        loopback.
        `leftovers` are removed with the fleet, also when this process is killed.
        `cores` pins each replica to its core, and everything else to the others: the thread that
        starts the fleet, and all that it starts until the fleet is stopped.
        `stand_in` answers in place of the replicas' model.

        Raises ChaosConfigError for ports in use, no such server, an impossible count.
        """
        names = replica_names(replicas)
        super().__init__(run_dir, run_id, load)
        self._memory = 0 if replica_command else replicas * REPLICA_MEMORY
        logs = self.run_dir / "logs"
        env = self.process_env
        self._proxy = self._proxies = ProxyProcess(logs / "proxy.log", env) if proxy else None
        self._topology = topology or Topology()
        if sessions == POSTGRES:
            self.own_database = Postgres(folder_of(run_id), logs / "postgres.log", env)
            extra_env = {**(extra_env or {}), SESSION_URI: self.own_database.url}
            leftovers = [*leftovers, folder_of(run_id)]
        if "://" in redis:
            self.redis = ExternalRedis(redis, authorised=authorised)
        elif SESSION_URI in (extra_env or {}):
            self.redis = NoRedis()
        else:
            links = self._proxy
            through = None if links is None else lambda who, port: links.plan("redis", who, port)
            self.redis = self._topology.build(redis, self.run_dir / "redis", logs, env, through)
        self._plan_stand_in(stand_in)
        switch = ModelSwitchFile(self.run_dir / "model")
        # Only ShopMax's agent has the scripted model, and only when it is set.
        replicas_own = {**env, **(extra_env or {})}
        if (
            self.stand_in is None
            and replicas_own.get("DIYA_MODEL", "scripted") == "scripted"
            and "DIYA_AGENT" not in replicas_own
        ):
            self._model = switch
        self._cores = cores
        ports = _ports(base_port, replicas + 1)
        service_env = {
            **env,
            **({"DIYA_REDIS_URL": self.redis.url} if self.redis.url else {}),
            "DIYA_SESSIONS": sessions,
            VARIABLE: str(switch.path),
            "DIYA_TTL_SECONDS": f"{ttl_seconds:g}",
            **(extra_env or {}),
        }
        self.replicas = {
            name: Replica(
                name,
                port,
                {**service_env, **self._redis_through_proxy(name), **self._model_env(name)},
                logs / f"{name}.log",
                replica_command or _SERVICE,
                cores=None if cores is None else [cores.replicas[place]],
            )
            for place, (name, port) in enumerate(zip(names, ports[1:], strict=True))
        }
        self.balancer = Envoy(
            {each.name: self._balanced_port(each) for each in self.replicas.values()},
            ports[0],
            self.run_dir,
            log=logs / "envoy.log",
            env=env,
        )
        self._leftovers = [glob.escape(str(each)) for each in leftovers]

    @classmethod
    def from_plan(cls, plan: FleetPlan) -> Self:
        """The fleet, not started.  Raises ChaosConfigError for settings that are impossible."""
        return cls(
            plan.run_dir,
            plan.run_id,
            replicas=plan.replicas,
            redis=plan.redis,
            sessions=plan.sessions,
            ttl_seconds=plan.ttl_seconds,
            base_port=plan.base_port,
            replica_command=plan.service or None,
            topology=plan.topology,
            proxy=plan.proxy,
            load=plan.load,
            authorised=plan.authorised,
            extra_env={
                **plan.replica_env,
                **({"DIYA_AGENT": str(plan.agent)} if plan.agent else {}),
            },
            cores=plan.cores,
            stand_in=plan.stand_in,
        )

    def _capabilities(self) -> frozenset[str]:
        can = {"kill", "terminate", "freeze", "restart", "cpu", "memory", "replica-port"}
        if self.redis.servers:
            can |= {"redis-config", "redis-data", *self._topology.capabilities}
        if self.own_database is not None:
            can.add("database")
        if self._proxy is not None:
            can |= {f"network-{side}" for side in SIDES if self._proxy.links(side)}
        return frozenset(can)

    def _prepare(self) -> None:
        self._require_memory()
        if self._cores is not None:
            self._undo.enter_context(thread_on(self._cores.others))
        self._undo.callback(self._wait_ended)
        leftovers = [*password_files(self.run_dir), *self._leftovers]
        self._watch_over(Guardian.start(self.run_id, leftovers, self.undo_log))
        if self.stand_in is not None:
            self.stand_in.open()
        if self._proxy is not None:
            self._proxy.open()

    def _wait_ended(self) -> None:
        left = TimeLeft(_STOP_TIMEOUT)
        others = (self._proxy, self.stand_in, self.own_database)
        helpers = [each for each in others if each is not None]
        for process in (self.balancer, *self.replicas.values(), self.redis, *helpers):
            process.wait_ended(left.seconds())

    def _parts(self) -> list[Part]:
        return [*([] if self._proxy is None else [self._proxy]), *super()._parts()]

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
                f"replicas must be at most {available // REPLICA_MEMORY}, got "
                f"{len(self.replicas)}: they need {self._memory / 1e9:.1f} GB of memory, and "
                f"{available / 1e9:.1f} GB are free"
            )


def password_files(run_dir: Path) -> list[str]:
    """The configurations of all servers of Redis, and half-written ones."""
    redis = glob.escape(str(run_dir / "redis"))
    return [f"{redis}/**/*.conf*"]


def _ports(base_port: int | None, count: int) -> list[int]:
    if base_port is None:
        return [free_port() for _ in range(count)]
    ports = list(range(base_port, base_port + count))
    for port in ports:
        ensure_free(port)
    return ports
