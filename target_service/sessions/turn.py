"""A turn in progress: what it read at its beginning and what it will write at its end, in one."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from google.adk.events.event import Event

from target_service.sessions.keys import SessionId
from target_service.sessions.store import StateChange, Stored


@dataclass(slots=True)
class Turn:
    """One turn under the session's lease.  While it is `current`, appends wait in `written`."""

    name: SessionId
    owner: str
    stored: Stored | None
    """None: the session was gone when the turn began."""
    written: list[tuple[Event, bytes]] = field(default_factory=list)
    session_delta: dict[str, Any] = field(default_factory=dict)
    user_delta: dict[str, Any] = field(default_factory=dict)
    app_delta: dict[str, Any] = field(default_factory=dict)

    def change(self) -> StateChange:
        """The state that the turn's end writes."""
        return StateChange(self.session_delta, self.user_delta, self.app_delta)


current: ContextVar[Turn | None] = ContextVar("diya_turn", default=None)
"""The turn that this request runs; ADK's runner is not aware of it."""
