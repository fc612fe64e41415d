"""Shared by the reproductions: a Redis of their own, and events."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from google.adk.events.event import Event
from google.adk.events.event_actions import EventActions
from google.adk.sessions.base_session_service import BaseSessionService
from google.genai import types

APP = "shop"


@contextlib.contextmanager
def redis_of_our_own() -> Iterator[str]:
    """A server on loopback; yields its address, password included."""
    # Not at the top: an environment beside ours has no such module.
    from chaos.fleet.redis_server import RedisServer

    with tempfile.TemporaryDirectory(prefix="diya-finding-") as folder:
        server = RedisServer("auto", Path(folder))
        try:
            server.start()
            server.wait_ready()
            yield server.url
        finally:
            server.close()
            server.wait_ended(5.0)


def said(text: str, **state: str) -> Event:
    """A customer's message that also changes state; `_` in a name stands for `:`."""
    delta = {name.replace("_", ":"): value for name, value in state.items()}
    return Event(
        author="user",
        invocation_id="i",
        content=types.Content(role="user", parts=[types.Part(text=text)]),
        actions=EventActions(state_delta=delta),
    )


async def texts(service: BaseSessionService, user: str, session: str) -> list[str] | None:
    """The texts in the session so far, or None when there is no such session."""
    found = await service.get_session(app_name=APP, user_id=user, session_id=session)
    if found is None:
        return None
    return [part.text or "" for e in found.events if e.content for part in e.content.parts or ()]
