"""A turn in progress: the session it read at its beginning, and its writes for the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from google.adk.events.event import Event

from target_service.sessions.codec import encode_event
from target_service.sessions.keys import SessionId
from target_service.sessions.stored import StateChange, Stored


@dataclass(slots=True)
class Turn:
    """One turn under the session's lease.  While it is `current`, appends wait here."""

    name: SessionId
    owner: str
    stored: Stored | None
    """None: the session was gone when the turn began."""
    written: list[tuple[Event, bytes]] = field(default_factory=list)
    waiting: list[Event] = field(default_factory=list)
    """Events appended after those, not encoded yet."""
    session_delta: dict[str, Any] = field(default_factory=dict)
    user_delta: dict[str, Any] = field(default_factory=dict)
    app_delta: dict[str, Any] = field(default_factory=dict)

    def events(self) -> Iterator[Event]:
        """The events appended in this turn."""
        return chain((event for event, _ in self.written), self.waiting)

    def encode(self) -> None:
        """Encode the waiting events.  Raises ValueError for one that cannot be stored."""
        self.written += [(event, encode_event(event)) for event in self.waiting]
        self.waiting.clear()

    def change(self) -> StateChange:
        """The state changes to write at the turn's end."""
        return StateChange(self.session_delta, self.user_delta, self.app_delta)


current: ContextVar[Turn | None] = ContextVar("diya_turn", default=None)
"""The turn of the current request; ADK's runner does not know of it."""
