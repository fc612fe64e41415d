"""A session service that is wrong on purpose: it waits ten seconds for Redis, and stays with it.

So long a silence means a failover.  A frozen primary that wakes up answers the earlier commands and
continues with the clients that are still connected: it acknowledges writes that are then discarded.
"""

from __future__ import annotations

from target_service import RedisSessionService
from target_service.sessions import client

_PATIENCE_S = 10.0


class LongTimeout(RedisSessionService):
    """Ours in all else, turn guarantees included."""

    def __init__(self, uri: str, ttl_seconds: float) -> None:
        super().__init__(uri, ttl_seconds)
        one = self.store._client
        assert isinstance(one, client.SingleServerClient)
        one._answer_s = _PATIENCE_S
        one._is_current = None
        # The replica's own process: nobody else's calls become longer.
        client.WHOLE_CALL_S = _PATIENCE_S


def factory(uri: str, ttl_seconds: float) -> LongTimeout:
    """For `--sessions tests.defects.long_timeout:factory`."""
    return LongTimeout(uri, ttl_seconds)
