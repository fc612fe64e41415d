"""A session that is created together with its first events: all of it, or nothing."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field

from google.adk.events.event import Event
from google.adk.sessions.session import Session

from target_service.sessions.keys import SessionId
from target_service.sessions.stored import StateChange, Stored


@dataclass(slots=True)
class Creation:
    """A session that is shown already, and not yet written."""

    name: SessionId
    stored: Stored
    """As it will be, without the events."""
    state: StateChange
    written: list[tuple[Event, bytes]] = field(default_factory=list)


@dataclass(slots=True)
class Initial:
    """What ADK's server creates and then appends, held until the last of it is here."""

    count: int
    """How many events are still to be appended."""
    creation: Creation | None = None

    def holds(self, session: Session) -> bool:
        """Whether what is appended to this session is held."""
        return (
            self.count > 0
            and self.creation is not None
            and self.creation.name == SessionId(session.app_name, session.user_id, session.id)
        )


current: ContextVar[Initial | None] = ContextVar("diya_initial", default=None)
"""What this request brings, when it asks for a session with events."""
