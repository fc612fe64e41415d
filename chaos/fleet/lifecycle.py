"""The life of a fleet, the same for every kind: start, readiness, and stop in reverse order."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from msgspec import structs

from chaos.errors import ChaosConfigError, ChaosError
from chaos.fleet.active_faults import ActiveFaults
from chaos.fleet.environment import LoadSwitch, ModelSwitch, Network
from chaos.fleet.guardian import RUN_ID_VARIABLE, Guardian
from chaos.fleet.no_redis import NoRedis
from chaos.fleet.parts import (
    FleetBalancer,
    FleetDatabase,
    FleetRedis,
    FleetReplica,
    LoadNode,
    NodeElsewhere,
    Part,
)
from chaos.fleet.plan import FleetPlan
from chaos.fleet.stand_in import LOG, StandIn, StandInPlan
from chaos.fleet.stand_in_switch import StandInSwitch
from chaos.fleet.undoing import UNDO_LOG, UndoKeeper
from chaos.fleet.waiting import TimeLeft, holds_within
from reports.records.run_description import (
    EnvironmentDescription,
    RedisServerDescription,
    TopologyDescription,
)

MOST_REPLICAS = 99

_LOG = logging.getLogger(__name__)
_POLL_S = 0.1


class FleetLifecycle(ABC):
    """One fleet; a context manager that starts nothing by itself.

    A kind of fleet builds `redis`, `replicas` and `balancer`, defines how it prepares for them, and
    registers the steps of `stop` in `_undo`.
    """

    redis: FleetRedis
    replicas: Mapping[str, FleetReplica]
    balancer: FleetBalancer
    app: str = "shopmax"
    """The name of the agent that it serves."""
    foreign: bool = False
    """Whether it is the user's own, which diya neither started nor ends."""
    title: str = "Envoy"
    """The part in front of its replicas, for people to read."""
    own_database: FleetDatabase | None = None
    """The database that it starts; None: it starts none."""
    _model: ModelSwitch | None = None

    def __init__(self, run_dir: Path, run_id: str, load: LoadSwitch | None) -> None:
        """Nothing is started."""
        self.run_id = run_id
        self.run_dir = run_dir.absolute()
        self.process_env: Mapping[str, str] = {**os.environ, RUN_ID_VARIABLE: run_id}
        """The environment of processes that must not outlive the run."""
        self.active_faults = ActiveFaults()
        self._load = load
        self._proxies: Network | None = None
        self.stand_in: StandIn | None = None
        """The stand-in for the replicas' model; None: they have another model."""
        self._say: Callable[[str], None] = _silent
        self._undo = contextlib.ExitStack()
        """The steps that `stop` takes once the parts are closed, last registered first."""
        self._guardian: Guardian | None = None
        self.not_undone: Sequence[Mapping[str, Any]] = ()
        """After `stop`: the calls that the guardian kept, when it could not do all of them."""
        self._stopped = False
        self._lock = threading.Lock()

    @classmethod
    @abstractmethod
    def from_plan(cls, plan: FleetPlan) -> Self:
        """The fleet, not started.  Raises ChaosConfigError for settings that are impossible."""

    @abstractmethod
    def _capabilities(self) -> frozenset[str]:
        """The capabilities of its parts."""

    @abstractmethod
    def _prepare(self) -> None:
        """Check the machine, start the guardian and the parts' requirements.  Raises ChaosError."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def capabilities(self) -> frozenset[str]:
        """The capabilities of the fleet, those of its model and its load included."""
        own = self._capabilities()
        if self._model is not None:
            own |= self._model.capabilities
        return own if self._load is None else own | {"load"}

    @property
    def network(self) -> Network:
        """The proxies on the way.  Raises ChaosError when there are none."""
        if self._proxies is None:
            raise ChaosError("the fleet runs without proxies on the way")
        return self._proxies

    @property
    def database(self) -> FleetDatabase:
        """The fleet's own database.  Raises ChaosError when there is none."""
        if self.own_database is None:
            raise ChaosError("this fleet has no database of its own")
        return self.own_database

    @property
    def store(self) -> str:
        """Name and version of the server that holds the sessions, once it has started."""
        if self.own_database is not None:
            return f"PostgreSQL {self.own_database.version}"
        return self.redis_title()

    @property
    def model(self) -> ModelSwitch:
        """The switch of the model.  Raises ChaosError where it cannot be switched."""
        if self._model is None:
            raise ChaosError("the model of this fleet cannot be switched")
        return self._model

    @property
    def load(self) -> LoadSwitch:
        """The load generator's switch.  Raises ChaosError for a fleet that is under no load."""
        if self._load is None:
            raise ChaosError("the fleet is under no load of a run")
        return self._load

    @property
    def undo_keeper(self) -> UndoKeeper:
        """The guardian.  Raises ChaosError before the fleet is started."""
        if self._guardian is None:
            raise ChaosError("the fleet has no guardian yet")
        return self._guardian

    def headers_for(self, url: str) -> Mapping[str, str]:
        """No headers: only a target needs some."""
        return {}

    @property
    def undoes(self) -> bool:
        """Whether the guardian keeps an undoing: a fault or a rollback of the user's own."""
        return self._guardian is not None and bool(self._guardian.kept())

    @property
    def url(self) -> str:
        """Where customers come in: the load balancer."""
        return self.balancer.url

    def primary_urls(self) -> list[str]:
        """The addresses of the Redis servers that take writes, password included.

        Empty for an external Redis, or when no server can say which they are.
        """
        try:
            return [server.url for server in self.redis.primaries()]
        except ChaosError:
            return []

    def nodes_elsewhere(self) -> Sequence[NodeElsewhere]:
        """The nodes whose processes are not children of this one, such as containers."""
        return ()

    def all_nodes_elsewhere(self) -> Sequence[NodeElsewhere] | None:
        """All of those that use CPU for the run now, its load included.

        None: the run needs a part that is not known, such as a Redis of the user's own.
        """
        own = bool(self.redis.servers) or self.own_database is not None
        return self.nodes_elsewhere() if own else None

    def describe(self, environment: EnvironmentDescription) -> EnvironmentDescription:
        """The environment in `run.json`, with the facts known once the fleet is up.

        Raises ChaosError when Redis does not answer.
        """
        if self.own_database is not None:
            return structs.replace(environment, database=self.store)
        if isinstance(self.redis, NoRedis):
            return environment
        info = self.redis.info
        server = RedisServerDescription(
            name=info.name, version=info.version, allocator=info.allocator
        )
        return structs.replace(environment, redis_server=server)

    def redis_title(self) -> str:
        """The name and version of Redis, for people to read.  Raises ChaosError without one."""
        info = self.redis.info
        return f"{info.name} {info.version}".rstrip()

    def topology(self, planned: TopologyDescription) -> TopologyDescription:
        """The fleet in `run.json`, with the facts known once it is up.  Raises ChaosError."""
        return planned

    def start(self, progress: Callable[[str], None] | None = None) -> None:
        """Start Redis, then all replicas, then the balancer; see `wait_ready`.

        Raises ChaosError, or ChaosConfigError when the machine does not allow it; then the started
        parts are stopped.
        """
        self._say = progress or self._say
        try:
            self._prepare()
            self.redis.start()
            self.redis.wait_ready()
            if self.own_database is not None:
                self.own_database.start()
                self.own_database.wait_ready()
            self._say(f"{self.store} ready")
            self._start_replicas()
            self.balancer.start()
        except Exception:
            self._stop_after_failure()
            raise
        self._say(f"{len(self.replicas)} replicas and the balancer started")

    def start_load(self) -> LoadNode | None:
        """Start the load generator that is a part of the fleet; None: it has none.

        Raises ChaosError.
        """
        return None

    def wait_ready(self, timeout: float = 60.0) -> None:
        """Wait until every replica is ready and the balancer routes to all of them.

        Raises ChaosConfigError with a replica's own sentence when it refused its configuration,
        ChaosError with the end of its log when it ended, or when `timeout` seconds pass.
        """
        left = TimeLeft(timeout)
        pending = dict(self.replicas)

        def all_ready() -> bool:
            for name, replica in list(pending.items()):
                if replica.ready():
                    del pending[name]
                    ready = len(self.replicas) - len(pending)
                    self._say(f"{ready} of {len(self.replicas)} replicas ready")
                else:
                    replica.check_alive()
            return not pending

        if not holds_within(all_ready, timeout, poll=_POLL_S):
            logs = self.run_dir / "logs"
            raise ChaosError(f"{', '.join(pending)} not ready within {timeout:g} s; see {logs}")
        self.wait_balanced(left.seconds(least=1.0))
        self._say(f"the balancer routes to all {len(self.replicas)} replicas")

    def wait_balanced(self, timeout: float = 10.0) -> None:
        """Wait until the balancer routes to every replica that can answer.

        Raises ChaosError after `timeout` seconds.
        """
        able = [name for name, each in self.replicas.items() if self._can_answer(each)]
        self.balancer.wait_in_rotation(able, timeout)

    def stop(self) -> None:
        """Close all parts, the last started first, and undo the preparations.

        May be called again.  Every process that carries the run's id is ended, including those that
        others started, such as the load generator.  Raises ChaosError when something is left.
        """
        with self._lock:
            if self._stopped:
                return
            self._stopped = True
        for part in reversed(self._parts()):
            part.close()
        self._undo.close()

    def _parts(self) -> list[Part]:
        """All parts, in the order in which they are started."""
        own = [] if self.stand_in is None else [self.stand_in]
        store = [self.redis] if self.own_database is None else [self.redis, self.own_database]
        return [*own, *store, *self.replicas.values(), self.balancer]

    @property
    def undo_log(self) -> Path:
        """The log of the faults that the guardian undid."""
        return self.run_dir / "logs" / UNDO_LOG

    def _watch_over(self, guardian: Guardian) -> None:
        """Close this guardian at the end."""
        self._guardian = guardian
        self._undo.callback(self._close, guardian)

    def _close(self, guardian: Guardian) -> None:
        kept = guardian.kept()
        if not guardian.close():
            self.not_undone = kept

    def _plan_stand_in(self, plan: StandInPlan | None) -> None:
        """Add the stand-in of that plan to the fleet.  Raises ChaosError without a free port."""
        if plan is not None:
            stand_in = StandIn(plan, self.run_dir / "logs" / LOG, self.process_env)
            self.stand_in = stand_in
            self._model = StandInSwitch(lambda: stand_in.control)

    def _model_env(self, replica: str) -> dict[str, str]:
        """The environment by which that replica calls the stand-in; empty without one."""
        return {} if self.stand_in is None else self.stand_in.variables(replica)

    def _start_replicas(self) -> None:
        for replica in self.replicas.values():
            replica.start()

    def _can_answer(self, replica: FleetReplica) -> bool:
        return replica.running and not replica.frozen

    def _stop_after_failure(self) -> None:
        try:
            self.stop()
        except ChaosError as error:
            _LOG.warning("after a failed start: %s", error)  # the failure itself is raised


def replica_names(count: int) -> list[str]:
    """`r01`, `r02`, ...  Raises ChaosConfigError for an impossible count."""
    if not 1 <= count <= MOST_REPLICAS:
        raise ChaosConfigError(f"replicas must be from 1 to {MOST_REPLICAS}, got {count}")
    return [f"r{number:02d}" for number in range(1, count + 1)]


def _silent(_: str) -> None:
    pass
