"""The reference service: ShopMax's customer agent on ADK's own API server, sessions in Redis.

`RedisSessionService` is useful alone, for any ADK agent::

    from target_service import RedisSessionService
    service = RedisSessionService("redis://127.0.0.1:6379/0", ttl_seconds=7200)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from target_service.sessions.service import RedisSessionService

__all__ = ["RedisSessionService"]


def __getattr__(name: str) -> object:
    # Importing ADK takes half a second, so it is imported only when the service is used.
    if name == "RedisSessionService":
        from target_service.sessions.service import RedisSessionService

        return RedisSessionService
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
