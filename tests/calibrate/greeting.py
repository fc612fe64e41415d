"""A session service that is right: each new session begins with a greeting that no turn asked for.

Proactive notes belong to no turn and carry no turn id, as in many real agents.
"""

from __future__ import annotations

from typing import Any

from google.adk.events.event import Event
from google.adk.sessions.session import Session
from google.genai import types

from tests.defects.plain import PlainSessions

_GREETING = "Namaste! I am ShopMax's assistant."


class Greeting(PlainSessions):
    """Plain, with a greeting as the first event of a session."""

    async def create_session(self, **which: Any) -> Session:
        """Create a session that holds a greeting.  Raises AlreadyExistsError."""
        session = await super().create_session(**which)
        words = types.Content(role="model", parts=[types.Part(text=_GREETING)])
        await self.append_event(session, Event(author="shopmax", content=words))
        return session


def factory(uri: str, ttl_seconds: float) -> Greeting:
    """For `--sessions tests.calibrate.greeting:factory`."""
    return Greeting(uri, ttl_seconds)
