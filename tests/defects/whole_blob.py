"""A session service that is wrong on purpose: an append is a read, a change and a write.

Each append stores the writer's own copy of the whole session.  Two attempts at once, and the slower
one writes over what the faster one had been acknowledged for.
"""

from __future__ import annotations

import json

from google.adk.events.event import Event
from google.adk.sessions.session import Session

from tests.defects.plain import PlainSessions


class WholeBlob(PlainSessions):
    """Plain, but not atomic between the read at a turn's beginning and its writes."""

    async def write(self, session: Session, event: Event) -> None:
        """Store all events of the handle, whatever stands there by now."""
        meta, events = self.keys(session.app_name, session.user_id, session.id)
        stored = [each.model_dump_json(exclude_none=True, by_alias=True) for each in session.events]
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.hset(meta, "state", json.dumps(session.state))
            pipe.delete(events)
            pipe.rpush(events, *stored)
            self.expire(pipe, meta, events)
            await pipe.execute()


def factory(uri: str, ttl_seconds: float) -> WholeBlob:
    """For `--sessions tests.defects.whole_blob:factory`."""
    return WholeBlob(uri, ttl_seconds)
