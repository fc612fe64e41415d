"""The environment of a fault: the protocols of its parts, and its capabilities.

Faults are written against these protocols and against nothing else, so that the same fault is done
to local processes, to containers, or to any other environment that brings its own nodes.
Capabilities name the differences between environments: a fault lists those that it `needs`, and is
refused before the run when the environment lacks one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from chaos.fleet.active_faults import ActiveFaults
from chaos.fleet.shapes import SET_CAPABILITIES
from chaos.fleet.undoing import UndoKeeper
from reports.records import LoadMark
from reports.records.load_commands import LoadCommand

CAPABILITIES: Mapping[str, str] = {
    "kill": "end a node at once, as by SIGKILL",
    "terminate": "ask a node to end, as by SIGTERM",
    "freeze": "stop a node with its connections open, and let it go on",
    "restart": "start a node again on its data, at the same address",
    "replica-port": "reach one replica past the balancer",
    "scale": "change the number of replicas that a controller keeps",
    "cpu": "take a node's processor time away",
    "memory": "take the machine's memory away",
    "memory-limit": "limit one node's memory",
    "disconnect": "take a node off its network, and put it back",
    "redis-config": "change the running configuration of Redis, and count on having it to oneself",
    "redis-data": "change the files of a Redis that is down",
    "network-redis": "disturb the connections between replicas and Redis",
    "network-balancer": "disturb the connections between the balancer and the replicas",
    "database": "end, freeze and start a PostgreSQL of the fleet's own",
    "model": "make the model slow or wrong",
    "model-wire": "break what a model answers over HTTP: its streams and its JSON",
    "load": "make more customers come, or make them come again",
    **SET_CAPABILITIES,
}
"""Every capability and its meaning."""
CONTAINER_CAPABILITIES = frozenset(
    {
        *("kill", "terminate", "freeze", "restart", "redis-config", "memory-limit", "disconnect"),
        "replica-port",
    }
)
"""The capabilities of the parts of every fleet in containers."""
PROJECT_CAPABILITIES = CONTAINER_CAPABILITIES - {"redis-config"}
"""The capabilities of a compose project of the user's own: the settings of its Redis are theirs."""
POD_CAPABILITIES = frozenset({"kill", "terminate", "restart"})
"""The capabilities of pods; `scale` is that of most of their controllers."""
MODEL_IN_PROCESS = frozenset({"model"})
"""The capabilities of the scripted model, which is a part of each replica."""
MODEL_OVER_HTTP = frozenset({"model", "model-wire"})
"""The capabilities of a stand-in for the model."""


def needs_proxies(needs: Iterable[str]) -> bool:
    """Whether one of these capabilities is only there in a fleet with proxies on the way."""
    return any(need.startswith("network-") for need in needs)


class Node(Protocol):
    """One thing that runs: a process, or a container.  Its address stays while it is down."""

    @property
    def name(self) -> str:
        """Its name in records, for example `r01`."""

    @property
    def running(self) -> bool:
        """Whether it is there, frozen or not."""

    @property
    def frozen(self) -> bool:
        """Whether it is stopped and could go on."""

    @property
    def identity(self) -> str | None:
        """Something new at every start, for example a pid; None while it does not run."""

    @property
    def exit_code(self) -> int | None:
        """How it last ended (negative: the signal, -9 after `kill`); None while it runs."""

    def start(self) -> None:
        """Start it.  Raises ChaosError, also when it runs already."""

    def kill(self) -> None:
        """End it at once and wait until it is gone.  Raises ChaosError when it is not.

        Works on a frozen node.  Nothing happens when it does not run.
        """

    def terminate(self, timeout: float) -> bool:
        """Ask it to end; whether it has, after at most `timeout` seconds."""

    def freeze(self) -> None:
        """Stop it where it is.  Raises ChaosError when it does not run."""

    def resume(self) -> None:
        """Let it go on.  Nothing happens when it is not frozen."""


class ReplicaNode(Node, Protocol):
    """One replica of the service."""

    @property
    def port(self) -> int:
        """The loopback port on which it answers itself, past every balancer and proxy."""

    def ready(self) -> bool:
        """Whether it says that it is ready, now."""

    def wait_ready(self, timeout: float = 30.0) -> None:
        """Wait until it is ready.  Raises ChaosError when it ends or `timeout` seconds pass."""


class RedisNode(Node, Protocol):
    """One Redis server."""

    @property
    def url(self) -> str:
        """Where it answers itself, past every proxy, password included: never for logs."""

    @property
    def run_id(self) -> str:
        """The server's own id, new at every start.  Raises ChaosError without an answer."""

    @property
    def fsync(self) -> str:
        """Its append-only file: `off`, `everysec` or `always`."""

    def answers(self) -> bool:
        """Whether it answers PING now; a server that loads its data does not."""

    def wait_ready(self, timeout: float = 10.0) -> None:
        """Wait until it answers PING.  Raises ChaosError when it ends or `timeout` seconds pass."""


class DatabaseNode(Node, Protocol):
    """The database of the sessions, where it is the fleet's own."""

    def answers(self) -> bool:
        """Whether it answers a query now."""

    def wait_ready(self, timeout: float = 60.0) -> None:
        """Wait until it takes connections.

        Raises ChaosError when it ends or `timeout` seconds pass.
        """


class RedisStore(Protocol):
    """The store of the sessions: one server, a Sentinel set, a cluster, or an external Redis."""

    @property
    def url(self) -> str:
        """The address that replicas are given, password included: never for logs."""

    @property
    def address(self) -> str:
        """The address without user and password, for people to read."""

    @property
    def servers(self) -> Mapping[str, RedisNode]:
        """Every data server by name; empty for an external Redis."""

    def primaries(self) -> Sequence[RedisNode]:
        """The servers that take writes now, as they or their sentinels say.

        Raises ChaosError when no server can say it.
        """

    def answers(self) -> bool:
        """Whether every part of the data can be written now."""

    def wait_ready(self, timeout: float = 10.0) -> None:
        """Wait for that.  Raises ChaosError after `timeout` seconds."""


class Balancer(Protocol):
    """The load balancer in front of the replicas."""

    @property
    def port(self) -> int:
        """The loopback port at which customers come in."""

    def in_rotation(self) -> set[str]:
        """The names of the replicas to which it sends requests now."""


class Network(Protocol):
    """The proxies on the way, as Toxiproxy names them: links of replicas, or to servers."""

    def links(self, side: str) -> Mapping[str, str]:
        """Replica or server → name of the proxy, on the side `redis` or `balancer`.

        Each replica has its own link; on the side `redis` of a set of servers, each server has one.
        """

    def address(self, proxy: str) -> tuple[str, int]:
        """Host and port at which the proxy listens."""

    def add_toxic(self, proxy: str, toxic: Mapping[str, Any]) -> None:
        """Disturb a link, in the words of Toxiproxy's HTTP API.  Raises ChaosError."""

    def toxics(self, proxy: str) -> list[dict[str, Any]]:
        """The toxics of a link.  Raises ChaosError."""

    def remove_toxic(self, proxy: str, name: str) -> None:
        """Remove a toxic.  Nothing happens when there is no such toxic.  Raises ChaosError."""


class ModelSwitch(Protocol):
    """Makes the model of every replica behave differently while the run goes on."""

    @property
    def capabilities(self) -> frozenset[str]:
        """Which faults the model can have: `model`, and `model-wire` if it is asked over HTTP."""

    def apply(self, settings: Mapping[str, float], lasts_s: float | None = None) -> None:
        """Apply the settings to every reply from now on, until `clear`.

        Those of the capability `model` are listed in `target_service.model.model_faults`, all of
        them in `target_service.stand_in.faults`.  A model that may outlive this process returns to
        normal by itself some time after `lasts_s` seconds.  Raises ChaosError.
        """

    def affected_replicas(self) -> frozenset[str]:
        """The replicas for which a reply was made worse since the last `apply`.

        Raises ChaosError when the model does not say it.
        """

    def clear(self) -> None:
        """Restore the normal behaviour.  Raises ChaosError."""


class LoadSwitch(Protocol):
    """Sends the run's load generator orders besides its plan."""

    def tell(self, command: LoadCommand) -> int:
        """Give an order, which gets a number of its own; that number."""

    def answers(self, number: int) -> Sequence[LoadMark]:
        """The generator's answers to that order so far."""


class SystemUnderTest(Protocol):
    """The system under test."""

    @property
    def capabilities(self) -> frozenset[str]:
        """Which of `CAPABILITIES` it has."""

    @property
    def replicas(self) -> Mapping[str, ReplicaNode]:
        """The replicas by name, in order."""

    @property
    def redis(self) -> RedisStore:
        """Where the sessions live."""

    @property
    def database(self) -> DatabaseNode:
        """The fleet's own database.  Raises ChaosError without the capability `database`."""

    @property
    def balancer(self) -> Balancer:
        """The load balancer, which customers connect to."""

    @property
    def app(self) -> str:
        """The name of the agent that it serves."""

    @property
    def active_faults(self) -> ActiveFaults:
        """The faults that are being done to it now."""

    @property
    def process_env(self) -> Mapping[str, str]:
        """The environment variables of a process that must not outlive the run."""

    def headers_for(self, url: str) -> Mapping[str, str]:
        """The headers by which a probe of this address gets in; empty: none are needed."""

    @property
    def network(self) -> Network:
        """The proxies on the way.  Raises ChaosError without the network capabilities."""

    @property
    def model(self) -> ModelSwitch:
        """The model's switch.  Raises ChaosError without the capability `model`."""

    @property
    def load(self) -> LoadSwitch:
        """The load generator's switch.  Raises ChaosError without the capability `load`."""

    @property
    def undo_keeper(self) -> UndoKeeper:
        """Undoes the faults of the user's own when the harness dies.

        Raises ChaosError when there is none.
        """

    def wait_balanced(self, timeout: float = 10.0) -> None:
        """Wait until the balancer sends requests to every replica that can answer them.

        Raises ChaosError after `timeout` seconds.
        """
