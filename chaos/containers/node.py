"""One container: started, killed, frozen, disconnected, and started again at its address."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from docker.errors import NotFound

from chaos.containers.docker_errors import REFUSALS, told
from chaos.errors import ChaosError
from chaos.fleet.node_capabilities import MemoryUse
from chaos.fleet.waiting import Awaitable, holds_within

_LOG = logging.getLogger(__name__)
_POLL_S = 0.05
_KILL_TIMEOUT_S = 10.0
_SIGNALLED = 128
_TAIL_LINES = 12


class _GoneError(ChaosError):
    """The container was removed."""


class ContainerNode(Awaitable):
    """A node of `chaos.fleet.environment` that is a container on the run's network.

    `create` makes and starts the container at the first start, or finds one that compose has
    started; later starts start the same one, with its disk, its address on the network and its
    ports on the host.
    """

    def __init__(self, name: str, create: Callable[[], Any], network: Callable[[], Any]) -> None:
        """Nothing is started.  Names are those of records."""
        self.name = name
        self._create = create
        self._network = network
        self._container: Any = None
        self._closed = False
        self._cut_off: dict[str, Any] | None = None
        self._seen_as: int | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    @property
    def id(self) -> str:
        """The container's own; `docker ps` shows its first twelve letters.  Raises ChaosError."""
        return str(self._started().id)

    @property
    def running(self) -> bool:
        """Whether it is there, frozen or not."""
        return bool(self._state().get("Running"))

    @property
    def frozen(self) -> bool:
        """Whether it is paused."""
        return bool(self._state().get("Paused"))

    @property
    def identity(self) -> str | None:
        """When it was started; None while it does not run."""
        state = self._state()
        return str(state["StartedAt"]) if state.get("Running") else None

    @property
    def exit_code(self) -> int | None:
        """How it last ended (negative: the signal); None while it runs."""
        state = self._state()
        if not state or state.get("Running"):
            return None
        code = int(state["ExitCode"])
        return _SIGNALLED - code if code > _SIGNALLED else code

    @property
    def pid(self) -> int | None:
        """The pid on this machine; None while it does not run, or where it cannot be seen.

        Raises ChaosError when Docker has to be asked and does not answer.
        """
        # A known pid is checked in /proc, so that sampling every second makes no call to Docker.
        if self._seen_as is None or not self._is_ours(self._seen_as):
            state = self._state()
            pid = int(state.get("Pid") or 0)
            there = bool(pid and state.get("Running") and self._is_ours(pid))
            self._seen_as = pid if there else None
        return self._seen_as

    @property
    def stopped(self) -> str | None:
        """The moment since which it does not run; None while it does, or if it is not there.

        Raises ChaosError when Docker does not answer.
        """
        state = self._state()
        ended = state and not state.get("Running") and not state.get("Restarting")
        return str(state["FinishedAt"]) if ended else None

    @property
    def published(self) -> Collection[int]:
        """The ports of this machine at which it is published.  Raises ChaosError."""
        bound = self._looked_at().attrs["NetworkSettings"]["Ports"] or {}
        return {int(at["HostPort"]) for each in bound.values() for at in each or ()}

    def start(self) -> None:
        """Start it.  Raises ChaosError, also when it runs already."""
        if self._closed:
            raise ChaosError(f"{self.name} is closed: it cannot be started any more")
        try:
            if self._container is None:
                self._container = self._create()
            elif self.running:
                raise ChaosError(f"{self.name} runs already")
            else:
                self._container.start()
        except REFUSALS as error:
            raise ChaosError(f"{self.name} cannot be started: {told(error)}") from None
        _LOG.info("%s: container started", self.name)

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone.  Raises ChaosError when it is not within 10 s."""
        # A paused container takes no signal, and cannot do anything in the moment between.
        self.resume()
        self._signal("SIGKILL")
        if not self.wait_ended(_KILL_TIMEOUT_S):
            raise ChaosError(f"{self.name} survived SIGKILL for {_KILL_TIMEOUT_S:g} s")

    def terminate(self, timeout: float) -> bool:
        """SIGTERM; whether it has ended, after at most `timeout` seconds."""
        self._signal("SIGTERM")
        return self.wait_ended(timeout)

    def freeze(self) -> None:
        """Pause all of its processes.  Raises ChaosError when it does not run."""
        try:
            self._started().pause()
        except REFUSALS as error:
            raise ChaosError(f"{self.name} cannot be paused: {told(error)}") from None

    def resume(self) -> None:
        """Let it go on.  Nothing happens when it is not paused."""
        if not self.frozen:
            return
        try:
            self._started().unpause()
        except REFUSALS as error:
            raise ChaosError(f"{self.name} cannot go on: {told(error)}") from None

    def disconnect(self) -> None:
        """Take it off the network, so that it can neither receive nor send.

        Its ports on the host go with it.  Raises ChaosError when it is off already.
        """
        network = self._network()
        container = self._looked_at()
        joined = container.attrs["NetworkSettings"]["Networks"].get(network.name)
        if joined is None:
            raise ChaosError(f"{self.name} is not on the network")
        place = {
            # None if Docker chose the address: then it gets another one.
            "ipv4_address": (joined["IPAMConfig"] or {}).get("IPv4Address"),
            "aliases": joined["Aliases"],
        }
        try:
            network.disconnect(container)
        except REFUSALS as error:
            raise ChaosError(f"{self.name} cannot be taken off: {told(error)}") from None
        self._cut_off = place

    def reconnect(self) -> None:
        """Back on the network, at its old address.  Nothing happens when it is on it."""
        if self._cut_off is None:
            return
        try:
            self._network().connect(self._started(), **self._cut_off)
        except REFUSALS as error:
            raise ChaosError(f"{self.name} cannot come back: {told(error)}") from None
        self._cut_off = None

    def connected(self) -> bool:
        """Whether it is on the network, as Docker sees it."""
        return self._network().name in self._looked_at().attrs["NetworkSettings"]["Networks"]

    def memory_limit(self) -> int:
        """The limit that was set, bytes; 0 for none."""
        return int(self._looked_at().attrs["HostConfig"]["Memory"])

    def limit_memory(self, limit: int) -> None:
        """Limit its memory to this many bytes from now on; 0: no limit.  Raises ChaosError."""
        value = limit or -1
        try:
            self._started().update(mem_limit=value, memswap_limit=value)
        except REFUSALS as error:
            raise ChaosError(
                f"{self.name} cannot be limited to {limit} bytes: {told(error)}"
            ) from None

    def memory(self) -> MemoryUse:
        """The use that the kernel counts and the limit that it enforces; zeros while it is down."""
        container = self._started()
        try:
            stats = container.client.api.stats(container.id, stream=False, one_shot=True)
        except REFUSALS as error:
            raise ChaosError(f"{self.name}: no memory is told: {told(error)}") from None
        memory = stats.get("memory_stats") or {}
        return MemoryUse(used=int(memory.get("usage", 0)), limit=int(memory.get("limit", 0)))

    def out_of_memory(self) -> bool:
        """Whether it ended because it needed more memory than its limit."""
        state = self._state()
        return bool(state.get("OOMKilled")) and not state.get("Running")

    def wait_ended(self, timeout: float) -> bool:
        """Whether it has ended, after at most `timeout` seconds."""
        return holds_within(lambda: not self.running, timeout, poll=_POLL_S)

    def log_tail(self) -> list[str]:
        """The last lines of its log."""
        if self._container is None:
            return []
        with contextlib.suppress(*REFUSALS):
            text = self._container.logs(tail=_TAIL_LINES).decode(errors="replace")
            return [str(line) for line in text.splitlines()]
        return []

    def save_log(self, path: Path) -> None:
        """Write its whole log to a file, while there is one."""
        if self._container is None:
            return
        with contextlib.suppress(*REFUSALS), path.open("wb") as file:
            for part in self._container.logs(stream=True, follow=False):
                file.write(part)

    def close(self) -> None:
        """For good: a fault that is healing cannot start it again."""
        self._closed = True

    def _started(self) -> Any:
        if self._container is None:
            raise ChaosError(f"{self.name} was never started")
        return self._container

    def _is_ours(self, pid: int) -> bool:
        try:
            # Docker may run on another machine: the pid alone proves nothing.
            return self._container.id in Path(f"/proc/{pid}/cgroup").read_text()
        except OSError:
            return False

    def _state(self) -> dict[str, Any]:
        if self._container is None:
            return {}
        try:
            return dict(self._looked_at().attrs["State"])
        except _GoneError:
            return {}

    def _looked_at(self) -> Any:
        """The container as it is now.  Raises ChaosError when Docker does not say."""
        container = self._started()
        try:
            container.reload()
        except NotFound:
            raise _GoneError(f"{self.name} is gone") from None
        except REFUSALS as error:
            raise ChaosError(f"{self.name}: Docker does not answer: {told(error)}") from None
        return container

    def _signal(self, name: str) -> None:
        if self._container is None:
            return
        try:
            self._container.kill(signal=name)
        except REFUSALS:
            if self.running:
                raise ChaosError(f"{self.name} does not take {name}") from None
