"""A session service that is wrong on purpose: the steps of a tool are stored twice.

The answer shows the tool call once; the stored history shows it twice.
"""

from __future__ import annotations

import uuid

from google.adk.events.event import Event
from google.adk.sessions.session import Session

from tests.defects.plain import PlainSessions


class StepsTwice(PlainSessions):
    """Plain, but a tool's result is written twice."""

    async def write(self, session: Session, event: Event) -> None:
        """Store the event, and a tool's result once more under another id."""
        await super().write(session, event)
        if event.get_function_responses():
            again = event.model_copy(update={"id": str(uuid.uuid4())})
            await super().write(session, again)


def factory(uri: str, ttl_seconds: float) -> StepsTwice:
    """For `--sessions tests.defects.steps_twice:factory`."""
    return StepsTwice(uri, ttl_seconds)
