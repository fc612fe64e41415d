"""The place of Redis in a fleet whose sessions are elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chaos.fleet.environment import RedisNode
from chaos.fleet.redis_client import ServerInfo


class NoRedis:
    """A Redis that does not exist: nothing starts, nothing can be done to it."""

    url = ""
    address = ""

    @property
    def servers(self) -> Mapping[str, RedisNode]:
        """None."""
        return {}

    def primaries(self) -> Sequence[RedisNode]:
        """None."""
        return []

    @property
    def info(self) -> ServerInfo:
        """Says that there is none."""
        return ServerInfo("no Redis", "", "")

    def start(self) -> None:
        """Nothing to start."""

    def wait_ready(self, timeout: float = 0.0) -> None:
        """Nothing to wait for."""

    def answers(self) -> bool:
        """True: no part of the data is in it."""
        return True

    def close(self) -> None:
        """Nothing to close."""

    def wait_ended(self, timeout: float) -> bool:
        """True: there is no process to end."""
        return True
