"""An external Redis: used as it is, and never the target of a fault."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import redis

from chaos.errors import ChaosConfigError, ChaosError
from chaos.fleet import redis_address
from chaos.fleet.environment import RedisNode
from chaos.fleet.redis_client import ServerInfo, connect, read_info, server_info
from reports.basics.addresses import is_loopback


class ExternalRedis:
    """The server at an address; no fault can be done to it."""

    pid: int | None = None

    def __init__(self, url: str, *, authorised: bool = False) -> None:
        """Nothing is contacted.

        Raises ChaosConfigError when the address is not one of a server, or is not loopback without
        `authorised`.
        """
        parts = redis_address.read(url)
        host = parts.hostname or ""
        named = f"[{host}]" if ":" in host else host
        self.url = parts.geturl()
        """The address, password included: for the environment of replicas, never for logs."""
        self.address = f"{parts.scheme}://{named}:{parts.port or 6379}{parts.path}"
        """The address without user and password."""
        if not authorised and not is_loopback(host):
            raise ChaosConfigError(
                f"redis must be a loopback address without --authorised, got {self.address!r}"
            )

    def __repr__(self) -> str:
        return f"<ExternalRedis {self.address}>"

    @property
    def servers(self) -> Mapping[str, RedisNode]:
        """None: it belongs to the user."""
        return {}

    def primaries(self) -> Sequence[RedisNode]:
        """None: it belongs to the user."""
        return []

    @property
    def info(self) -> ServerInfo:
        """Name, version and allocator.  Raises ChaosError when the server does not answer."""
        try:
            return server_info(read_info(self.url))
        except redis.RedisError as error:
            raise ChaosError(f"redis at {self.address} gave no INFO: {error}") from None

    def start(self) -> None:
        """Nothing to start: it runs, or `wait_ready` says that it does not."""

    def wait_ready(self, timeout: float = 3.0) -> None:
        """Raises ChaosConfigError when the server does not answer within `timeout` seconds.

        INFO must be allowed, or nothing of the server would be seen; PING need not be.
        """
        try:
            with connect(self.url, timeout) as client:
                with contextlib.suppress(redis.exceptions.NoPermissionError):
                    client.ping()
                client.info("server")
        except (redis.RedisError, ValueError) as error:
            raise ChaosConfigError(f"redis = {self.address!r} {self._trouble(error)}") from None

    def _trouble(self, error: Exception) -> str:
        if isinstance(error, redis.AuthenticationError):
            if not urlsplit(self.url).password:
                return "wants a password; it must be given as redis://:PASSWORD@HOST:PORT"
            return f"refuses the user or the password: {error}"
        if isinstance(error, redis.BusyLoadingError | redis.ConnectionError | redis.TimeoutError):
            return f"does not answer: {type(error).__name__}: {error}"
        if isinstance(error, redis.InvalidResponse):
            return f"does not answer as a Redis: {error}"
        if isinstance(error, redis.exceptions.NoPermissionError) or "INFO" in str(error):
            return f"must allow the command INFO, by which its memory is read: {error}"
        return f"refuses a command: {type(error).__name__}: {error}"

    def answers(self) -> bool:
        """Whether it answers PING now."""
        try:
            self.wait_ready(1.0)
        except ChaosConfigError:
            return False
        return True

    def close(self) -> None:
        """Nothing to close: it belongs to the user."""

    def wait_ended(self, timeout: float) -> bool:
        """True: there is no process to end."""
        return True
