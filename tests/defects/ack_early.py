"""A session service that is wrong on purpose: it acknowledges before it writes.

Events are handed to a background task (write-behind, for the latency), so a killed replica loses
acknowledged turns.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict

from google.adk.events.event import Event
from google.adk.sessions.session import Session

from tests.defects.plain import PlainSessions

_BEHIND_S = 0.3
"""How far the writes lag."""


class AckEarly(PlainSessions):
    """Plain, with write-behind."""

    def __init__(self, uri: str, ttl_seconds: float) -> None:
        super().__init__(uri, ttl_seconds)
        self._order: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._tasks: set[asyncio.Task[None]] = set()

    async def write(self, session: Session, event: Event) -> None:
        """Promise to write soon, in order."""
        task = asyncio.create_task(self._later(session.model_copy(), event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _later(self, session: Session, event: Event) -> None:
        async with self._order[session.id]:
            await asyncio.sleep(_BEHIND_S)
            await super().write(session, event)


def factory(uri: str, ttl_seconds: float) -> AckEarly:
    """For `--sessions tests.defects.ack_early:factory`."""
    return AckEarly(uri, ttl_seconds)
