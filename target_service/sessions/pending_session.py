"""A session that is created atomically with its first events."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field

from google.adk.events.event import Event
from google.adk.sessions.session import Session

from target_service.sessions.keys import SessionId
from target_service.sessions.stored import StateChange, Stored


@dataclass(slots=True)
class Creation:
    """A session object that has been returned but is not written yet."""

    name: SessionId
    stored: Stored
    """The session as it will be, without the events."""
    state: StateChange
    written: list[tuple[Event, bytes]] = field(default_factory=list)


@dataclass(slots=True)
class Initial:
    """Holds the session and events of ADK's server until the last event has arrived."""

    count: int
    """How many events are still to be appended."""
    creation: Creation | None = None

    def holds(self, session: Session) -> bool:
        """Whether events appended to this session are held."""
        return (
            self.count > 0
            and self.creation is not None
            and self.creation.name == SessionId(session.app_name, session.user_id, session.id)
        )


current: ContextVar[Initial | None] = ContextVar("diya_initial", default=None)
"""The initial events of the current request, if it creates a session with events."""
