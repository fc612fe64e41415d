"""Registers the service with ADK's servers and tools as `diya+redis://…`."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from google.adk.cli.service_registry import get_service_registry

from target_service.sessions.service import RedisSessionService

SCHEME = "diya+redis"
_SCHEMES = (SCHEME, "diya+rediss", "diya+unix", "diya+redis+sentinel", "diya+redis+cluster")


def register() -> None:
    """Make `diya+redis://…[?ttl_seconds=N&durability=…]` a session service URI for ADK.

    Any URI of `RedisSessionService` may follow `diya+`.
    """
    for scheme in _SCHEMES:
        get_service_registry().register_session_service(scheme, _create)


def _create(uri: str, **_: Any) -> RedisSessionService:
    parts = urlsplit(uri)
    options = dict(parse_qsl(parts.query))
    plain = urlunsplit((parts.scheme.removeprefix("diya+"), parts.netloc, parts.path, "", ""))
    return RedisSessionService(
        plain,
        ttl_seconds=float(options.get("ttl_seconds", "7200")),
        durability=options.get("durability", "aof"),
    )
