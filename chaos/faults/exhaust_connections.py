"""Another client holds every connection that Redis allows."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar
from urllib.parse import urlsplit

import redis

from chaos.faults.collect_errors import do_all
from chaos.faults.drawing import Drawing, NeverDrawn, own_single_redis, seconds
from chaos.faults.targeted import RedisFault
from chaos.fleet.environment import SystemUnderTest
from chaos.fleet.redis_client import connect
from chaos.fleet.waiting import holds_within

_HELD = 8
_TIMEOUT_S = 3.0


@dataclass
class ExhaustConnections(RedisFault):
    """Take all connections, close those of other clients, and let no client connect again."""

    kind: ClassVar[str] = "exhaust-connections"
    always_needs: ClassVar[frozenset[str]] = frozenset({"redis-config"})
    exclusive_setting: ClassVar[str | None] = "maxclients"
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(
        seconds("duration", 0.5, 2), 1.5, own_single_redis, alone=True
    )

    _held: list[Any] = field(default_factory=list, init=False, repr=False)
    _limit: str = field(default="", init=False, repr=False)

    def inject(self, env: SystemUnderTest) -> None:
        """Hold a few, lower `maxclients` to them, and cut the other clients off."""
        for _ in range(_HELD):
            client: Any = connect(self.victim.url, 3.0)
            client.ping()
            self._held.append(client)  # whose pool keeps the one connection that it has made
        ours = {int(str(client.client_id())) for client in self._held}
        first = self._held[0]
        self._limit = first.config_get("maxclients")["maxclients"]
        first.config_set("maxclients", _HELD)
        for other in first.client_list(_type="normal"):
            if int(other["id"]) not in ours:
                with contextlib.suppress(redis.RedisError):  # it has gone already
                    first.client_kill_filter(_id=other["id"])

    def verify(self, env: SystemUnderTest) -> bool:
        """A new connection is refused for this reason."""
        # Redis clears the closed connections away a moment later.
        return holds_within(self._is_refused, _TIMEOUT_S)

    def heal(self, env: SystemUnderTest) -> None:
        """The limit that was, and the connections given back."""
        do_all((self._give_back, partial(super().heal, env)))

    def _give_back(self) -> None:
        try:
            if self._limit:
                self._held[0].config_set("maxclients", self._limit)
        finally:
            for client in self._held:
                client.close()

    def _is_refused(self) -> bool:
        parts = urlsplit(self.victim.url)
        try:
            with socket.create_connection((parts.hostname, parts.port), 1.0) as newcomer:
                newcomer.settimeout(0.5)
                return b"max number of clients" in newcomer.recv(200)
        except OSError:
            return False
