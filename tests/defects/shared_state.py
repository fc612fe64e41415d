"""A session service that is wrong on purpose: new sessions share one list of events.

The mutable default argument, a common mistake: the messages of one customer appear in all other
sessions that the same replica has opened.
"""

from __future__ import annotations

from typing import Any

from google.adk.events.event import Event
from google.adk.sessions.session import Session

from tests.defects.plain import PlainSessions

_SHOWN = 4
"""Events of others that are shown: all of them would only cost time."""


class SharedState(PlainSessions):
    """Plain, with one list of events for the whole replica."""

    def __init__(self, uri: str, ttl_seconds: float) -> None:
        super().__init__(uri, ttl_seconds)
        self._events: list[Event] = []

    async def get_session(self, **rest: Any) -> Session | None:
        """The session, with recent messages of other customers."""
        session = await super().get_session(**rest)
        if session is not None:
            own = {event.id for event in session.events}
            session.events[:0] = [e for e in self._events[-_SHOWN:] if e.id not in own]
        return session

    async def write(self, session: Session, event: Event) -> None:
        """Write as it should, and to the list that all share."""
        await super().write(session, event)
        self._events.append(event)


def factory(uri: str, ttl_seconds: float) -> SharedState:
    """For `--sessions tests.defects.shared_state:factory`."""
    return SharedState(uri, ttl_seconds)
