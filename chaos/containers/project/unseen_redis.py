"""The Redis of a project that names none: its sessions are elsewhere, or must not be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chaos.fleet.environment import RedisNode
from chaos.fleet.redis_server import ServerInfo


class UnseenRedis:
    """Takes no faults, and is not read."""

    url = ""
    address = "(no --service redis)"
    info = ServerInfo(name="unknown", version="unknown", allocator="unknown")

    @property
    def servers(self) -> Mapping[str, RedisNode]:
        """None."""
        return {}

    def primaries(self) -> Sequence[RedisNode]:
        """None."""
        return []

    def answers(self) -> bool:
        """True: nothing is known to be wrong."""
        return True

    def start(self) -> None:
        """Nothing to start."""

    def wait_ready(self, timeout: float = 10.0) -> None:
        """Nothing to wait for."""

    def close(self) -> None:
        """Nothing to close."""
