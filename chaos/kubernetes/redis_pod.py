"""The Redis of a target whose server is a pod: asked at `--redis`, killed by the API server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NoReturn

import redis

from chaos.errors import ChaosConfigError, ChaosError
from chaos.fleet.environment import RedisNode
from chaos.fleet.redis_client import connect, read_info
from chaos.fleet.redis_external import ExternalRedis
from chaos.fleet.waiting import wait_for
from chaos.kubernetes.pod_fleet import PodFleet
from chaos.kubernetes.pod_node import POLL_S, PodNode

_NAME = "redis"


class RedisPodNode:
    """The one server."""

    def __init__(self, pod: PodNode, url: str, fsync: str) -> None:
        """`url`: where the server answers whichever pod it is, as the address of a Service."""
        self._pod = pod
        self.url = url
        self.fsync = fsync
        """Its append-only file: `off`, `everysec` or `always`."""
        self.name = _NAME

    @property
    def running(self) -> bool:
        """Whether its pod is there."""
        return self._pod.running

    @property
    def frozen(self) -> bool:
        """False: a pod cannot be frozen."""
        return False

    @property
    def identity(self) -> str | None:
        """The UID of its pod."""
        return self._pod.identity

    @property
    def exit_code(self) -> int | None:
        """The signal that ended it, negative."""
        return self._pod.exit_code

    @property
    def run_id(self) -> str:
        """The server's own id.  Raises ChaosError without an answer."""
        try:
            return str(read_info(self.url)["run_id"])
        except redis.RedisError as error:
            raise ChaosError(f"redis gave no INFO: {type(error).__name__}") from None

    def start(self) -> None:
        """Wait for the pod that takes its place.  Raises ChaosError."""
        self._pod.start()

    def kill(self) -> None:
        """Delete the pod with grace 0."""
        self._pod.kill()

    def terminate(self, timeout: float) -> bool:
        """Delete the pod with the grace of its template; whether it is gone in time."""
        return self._pod.terminate(timeout)

    def freeze(self) -> NoReturn:
        """Raises ChaosError."""
        raise ChaosError("redis must be frozen, which cannot be done to a pod")

    def resume(self) -> None:
        """Nothing: it is never frozen."""

    def answers(self) -> bool:
        """Whether its pod is there and PING is answered."""
        if not self.running:
            return False
        try:
            with connect(self.url) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def wait_ready(self, timeout: float = 10.0) -> None:
        """Wait until it answers.  Raises ChaosError after `timeout` seconds."""
        wait_for(self.answers, timeout, "redis to answer PING", poll=POLL_S)


class PodRedis:
    """A store of one server, in a pod."""

    def __init__(self, fleet: PodFleet, address: ExternalRedis) -> None:
        """Raises ChaosConfigError unless there is exactly one pod, and its server answers."""
        if fleet.size != 1:
            raise ChaosConfigError(
                f"--redis-fleet {fleet.selection} must select one pod, the one server of --redis, "
                f"got {fleet.size}"
            )
        address.wait_ready()
        self.url, self.address = address.url, address.address
        (pod,) = fleet.nodes.values()
        self._node = RedisPodNode(pod, address.url, fsync(address.url))

    @property
    def servers(self) -> Mapping[str, RedisNode]:
        """The one server."""
        return {_NAME: self._node}

    def primaries(self) -> Sequence[RedisNode]:
        """The one server."""
        return [self._node]

    def answers(self) -> bool:
        """Whether it answers PING now."""
        return self._node.answers()

    def wait_ready(self, timeout: float = 10.0) -> None:
        """Wait until it answers.  Raises ChaosError after `timeout` seconds."""
        self._node.wait_ready(timeout)


def fsync(url: str) -> str:
    """The append-only file of a running server: `off`, `everysec` or `always`.

    `off` too where it does not say (managed services forbid CONFIG).
    """
    config = _config(url, "append*")
    if config.get("appendonly") != "yes":
        return "off"
    return "always" if config.get("appendfsync") == "always" else "everysec"


def durability(url: str) -> str | None:
    """What the settings of a running server declare, as `chaos.fleet.topology` names it.

    None: it does not say.
    """
    aof = fsync(url)
    if aof != "off":
        return f"aof-{aof}"
    save = _config(url, "save").get("save")
    return None if save is None else "rdb" if save else "none"


def _config(url: str, pattern: str) -> Mapping[str, str]:
    try:
        with connect(url) as client:
            return dict(client.config_get(pattern))
    except redis.RedisError:
        return {}
