"""The four session services under one roof, and small things that every test of them says."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import redis.asyncio
from google.adk.events.event import Event
from google.adk.events.event_actions import EventActions
from google.adk.integrations.redis import RedisSessionService as AdkRedisSessionService
from google.adk.integrations.redis import RedisSessionServiceConfig
from google.adk.sessions.base_session_service import BaseSessionService, GetSessionConfig
from google.adk.sessions.in_memory_session_service import InMemorySessionService
from google.adk.sessions.session import Session
from google.adk.sessions.sqlite_session_service import SqliteSessionService
from google.genai import types

from target_service import RedisSessionService

KINDS = ("in-memory", "sqlite", "adk-redis", "ours")
WHO: dict[str, Any] = {"app_name": "app", "user_id": "u"}
KEY: dict[str, Any] = {**WHO, "session_id": "s"}


@contextlib.asynccontextmanager
async def opened(kind: str, uri: str, folder: Path) -> AsyncIterator[BaseSessionService]:
    """A service of one of KINDS on an empty server or folder."""
    if kind == "in-memory":
        yield InMemorySessionService()
    elif kind == "sqlite":
        yield SqliteSessionService(str(folder / "sessions.db"))
    elif kind == "adk-redis":
        client = redis.asyncio.Redis.from_url(uri, decode_responses=True)
        config = RedisSessionServiceConfig(ttl_seconds=60)
        try:
            yield AdkRedisSessionService(config=config, redis_client=client)
        finally:
            await client.aclose()
    else:
        service = RedisSessionService(uri, ttl_seconds=60)
        try:
            yield service
        finally:
            await service.close()


def said(text: str, author: str = "user", **fields: Any) -> Event:
    content = types.Content(role=author, parts=[types.Part(text=text)])
    return Event(author=author, invocation_id="i", content=content, **fields)


def changing(**delta: Any) -> Event:
    return Event(author="agent", actions=EventActions(state_delta=delta))


async def got(service: BaseSessionService, **config: Any) -> Session:
    wanted = GetSessionConfig(**config) if config else None
    session = await service.get_session(**KEY, config=wanted)
    assert session is not None
    return session


def texts(session: Session) -> list[str]:
    return [event.content.parts[0].text for event in session.events]  # type: ignore[union-attr, index, misc]
