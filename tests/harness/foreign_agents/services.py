"""Names ADK's own Redis session service for `adk api_server`: its wheel brings it unregistered."""

from __future__ import annotations

from typing import Any

from google.adk.cli.service_registry import get_service_registry
from google.adk.integrations.redis import RedisSessionService, RedisSessionServiceConfig

TTL_S = 5


def _build(uri: str, **_: Any) -> RedisSessionService:
    return RedisSessionService(config=RedisSessionServiceConfig(uri=uri, ttl_seconds=TTL_S))


get_service_registry().register_session_service("redis", _build)
