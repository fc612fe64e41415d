"""The common part of stores with one Redis server: as a process, and in a container."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Self

import redis

from chaos.errors import ChaosError
from chaos.fleet.redis_client import ServerInfo, read_info, server_info


class SingleRedis(ABC):
    """The one server of its store."""

    name: str
    port: int

    @property
    @abstractmethod
    def url(self) -> str:
        """Where it answers, password included: never for logs."""

    @property
    def servers(self) -> Mapping[str, Self]:
        """The only server."""
        return {self.name: self}

    def primaries(self) -> Sequence[Self]:
        """This server."""
        return [self]

    @property
    def info(self) -> ServerInfo:
        """Name, version and allocator.  Raises ChaosError when it does not answer."""
        return server_info(self._read_info())

    @property
    def run_id(self) -> str:
        """The server's own id, new at every start.  Raises ChaosError without an answer."""
        return str(self._read_info()["run_id"])

    def _read_info(self) -> dict[str, Any]:
        try:
            return read_info(self.url)
        except redis.RedisError as error:
            raise ChaosError(f"{self.name} on port {self.port} gave no INFO: {error}") from None
