"""The containers of a project as nodes: what is done to them is known to the guardian first."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import redis
from msgspec import structs

from chaos.containers.docker_errors import REFUSALS, told
from chaos.containers.node import ContainerNode
from chaos.containers.parts import ContainerRedis, ContainerReplica
from chaos.containers.project import reach, repairs
from chaos.containers.project.finding import Inspected
from chaos.containers.project.reach import Address
from chaos.containers.project.repairs import Before, Repair
from chaos.errors import ChaosConfigError, ChaosError, NotHealedError
from chaos.fleet.http_probe import get
from chaos.fleet.ports import LOOPBACK
from chaos.fleet.redis_client import connect
from chaos.fleet.waiting import holds_within

Touch = Callable[[Before], None]
"""Tells the guardian that a container will be changed.  Raises ChaosError."""

USUAL_PATH = "/list-apps"
"""The path at which any API server of ADK answers."""
_CONNECT_S = 0.5
_FOUND_S = 15.0
"""A server that runs answers at once; a busy machine may take so long."""


class ProjectNode(ContainerNode):
    """One container of the project; the first start finds it running."""

    _before: Before
    _touch: Touch
    _inside: int
    _stop_signal: str
    _at: Address | None = None

    def _adopt(self, found: Inspected, inside: int, touch: Touch) -> None:
        """Take over the container that was found; `inside` is the port in it."""
        self._before = repairs.before(found)
        self._touch = touch
        self._inside = inside
        self._stop_signal = str(found["Config"].get("StopSignal") or "SIGTERM")

    @property
    def container(self) -> str:
        """The container's own name."""
        return self._before.name

    def kill(self) -> None:
        """As of any node."""
        with self._told_to_end():
            super().kill()

    def terminate(self, timeout: float) -> bool:
        """As of any node, by the signal of `docker stop`.

        Docker starts a container again that ends by another one, where its file says so.
        """
        with self._told_to_end():
            self._signal(self._stop_signal)
            return self.wait_ended(timeout)

    def start(self) -> None:
        """As of any node.  Raises ChaosError with the command that starts it by hand."""
        try:
            super().start()
        except ChaosError as error:
            raise NotHealedError(str(error), f"docker start {self.container}") from None
        self._at = None

    def freeze(self) -> None:
        """As of any node."""
        self._touch(self._before)
        super().freeze()

    def resume(self) -> None:
        """As of any node.  Raises ChaosError with the command that does it by hand."""
        try:
            super().resume()
        except ChaosError as error:
            raise NotHealedError(str(error), f"docker unpause {self.container}") from None

    def disconnect(self) -> None:
        """Take it off all of its networks.  Raises ChaosError when it is on none."""
        self._touch(self._before)
        container = self._looked_at()
        joined = container.attrs["NetworkSettings"]["Networks"]
        if not joined:
            raise ChaosError(f"{self.name} is on no network")
        try:
            for at in joined.values():
                container.client.api.disconnect_container_from_network(
                    container.id, at["NetworkID"]
                )
        except REFUSALS as error:
            raise ChaosError(f"{self.name} cannot be taken off: {told(error)}") from None
        self._at = None

    def reconnect(self) -> None:
        """Back on all of its networks, with its names there.  Nothing happens when it is on them.

        Raises ChaosError with the command that does it by hand.
        """
        for repair in repairs.networks(self._before, self._looked_at().attrs):
            self._do(repair)
        self._at = None

    def connected(self) -> bool:
        """Whether it is on any network."""
        return bool(self._looked_at().attrs["NetworkSettings"]["Networks"])

    def memory_limit(self) -> int:
        """The limit that was set, bytes; 0 for none."""
        return max(0, super().memory_limit())

    def limit_memory(self, limit: int) -> None:
        """As of any node; the limit of its file comes back with its limit of swap."""
        self._touch(self._before)
        if limit == self._before.memory:
            self._do(repairs.memory(self._before))
        else:
            super().limit_memory(limit)

    def reached_at(self) -> Address | None:
        """Where it answers on this machine; None while it answers nowhere."""
        if self._at is None:
            self._at = self._find()
        return self._at

    def look_again(self) -> bool:
        """Whether it is somewhere else than it was, after a new start."""
        before, self._at = self._at, self._find()
        return self._at not in (None, before)

    def _find(self) -> Address | None:
        try:
            container = self._looked_at().attrs
        except ChaosError:
            return None
        at = reach.published(container, self._inside)
        if at is not None:
            return at
        found = list(reach.on_networks(container, self._inside))
        return next(filter(_accepts, found), None)

    def _do(self, repair: Repair) -> None:
        try:
            repair.do(self._started().client)
        except REFUSALS as error:
            sentence = f"{self.name} cannot be brought back: {told(error)}"
            raise NotHealedError(sentence, repair.by_hand) from None

    @contextlib.contextmanager
    def _told_to_end(self) -> Iterator[None]:
        """The guardian starts it again, even if it is still ending when the harness dies."""
        self._touch(structs.replace(self._before, ending=self.identity or ""))
        try:
            yield
        finally:
            self._touch(self._before)


def _accepts(at: Address) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((at.host, at.port), _CONNECT_S):
        return True
    return False


class Health:
    """The question whether something answers HTTP."""

    def __init__(self, path: str | None) -> None:
        """None: any answer below 500 at a path of ADK's own servers will do, also a refusal."""
        self.path = path or USUAL_PATH
        self._exact = path is not None

    @property
    def wanted(self) -> str:
        """The answer that it waits for, for a sentence."""
        return f"GET {self.path} with {'200' if self._exact else 'a status below 500'}"

    def holds(self, at: Address) -> bool:
        """Whether it answers so, now."""
        answer = get(at.port, self.path, host=at.host)
        return answer is not None and (answer[0] == 200 if self._exact else answer[0] < 500)


class ProjectReplica(ProjectNode, ContainerReplica):
    """A container of the agent's service.

    `port` is 0 while it answers at no port of loopback: faults that talk to a replica fail then.
    """

    def __init__(
        self, name: str, found: Inspected, inside: int, health: Health, client: Any, touch: Touch
    ) -> None:
        """Nothing is done to it."""
        ContainerReplica.__init__(self, name, 0, health.path, _finder(client, found), _no_network)
        self._adopt(found, inside, touch)
        self._health = health

    def ready(self) -> bool:
        """Whether it answers as a healthy one, now."""
        at = self.reached_at()
        ready = at is not None and self._health.holds(at)
        if not ready and self.look_again():
            at = self.reached_at()
            ready = at is not None and self._health.holds(at)
        self.port = at.port if at is not None and at.host == LOOPBACK else 0
        return ready


class ProjectRedis(ProjectNode, ContainerRedis):
    """The container of Redis; its settings are read and never changed."""

    def __init__(
        self, found: Inspected, inside: int, password: str, client: Any, touch: Touch
    ) -> None:
        """Nothing is done to it."""
        finder = _finder(client, found)
        ContainerRedis.__init__(self, inside, password, "off", finder, _no_network)
        self._adopt(found, inside, touch)

    def start(self) -> None:
        """As of any node.  The first time: raise ChaosConfigError unless it answers."""
        found = self._container is None
        super().start()
        if found and not holds_within(self.answers, _FOUND_S):
            raise ChaosConfigError(
                f"--service redis: container {self.container} must answer PING at "
                f"{self._where()}, which it does not do from this machine"
            )

    def answers(self) -> bool:
        """Whether it answers PING now; not while it loads its data.

        Raises ChaosConfigError when it wants another password.
        """
        if self.reached_at() is None:
            return False
        try:
            with connect(self.url) as client:
                return bool(client.ping())
        except redis.AuthenticationError as error:
            raise ChaosConfigError(
                f"service {self.container}: Redis refuses the password that --redis-password-env "
                f"names, or wants one: {error}"
            ) from None
        except redis.RedisError:
            return self.look_again() and self.answers()

    def settings(self) -> tuple[str | None, bool | None]:
        """How often its append-only file is flushed, and whether it takes snapshots.

        The first is `off` without such a file, else the word of `appendfsync`.  None where it does
        not tell.  Raises ChaosError without an answer.
        """
        try:
            with connect(self.url) as client:
                told_of: dict[str, str] = {}
                for name in ("appendonly", "appendfsync", "save"):
                    told_of |= client.config_get(name)
        except redis.ResponseError:  # CONFIG is renamed, or not allowed
            return None, None
        except redis.RedisError as error:
            raise ChaosError(f"redis at {self.address} gave no settings: {error}") from None
        aof = told_of.get("appendfsync") if told_of.get("appendonly") == "yes" else "off"
        self.fsync = aof or "off"
        return aof, bool(told_of.get("save"))

    def _where(self) -> str:
        return str(self.reached_at() or f"{LOOPBACK}:0")


def _finder(client: Any, found: Inspected) -> Callable[[], Any]:
    return lambda: client.containers.get(found["Id"])


def _no_network() -> Any:
    raise ChaosError("a container of a project is on networks of its own")
