"""A session service with a planted limit: its knee is known before it is searched.

`--sessions tests.validate.planted:factory` with these variables in the environment:

- DIYA_PLANTED_CPU_MS: each turn burns so many milliseconds of processor time on top of its own.
- DIYA_PLANTED_LOCK_MS: each turn holds the one lock of its replica for so many milliseconds, in
  which nothing is computed.  A replica then carries 1000 / DIYA_PLANTED_LOCK_MS turns a second.

Every turn is right; only its cost differs.
"""

from __future__ import annotations

import asyncio
import os
import time

from google.adk.events.event import Event
from google.adk.sessions.session import Session

from target_service.sessions.service import RedisSessionService

CPU, LOCK = "DIYA_PLANTED_CPU_MS", "DIYA_PLANTED_LOCK_MS"


def burn(seconds: float) -> None:
    """Use so many processor seconds of this thread; on a busy machine that takes longer."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


class Planted(RedisSessionService):
    """Pays for each turn when its reply is appended, once for a turn."""

    def __init__(self, uri: str, *, ttl_seconds: float, cpu_s: float, lock_s: float) -> None:
        super().__init__(uri, ttl_seconds=ttl_seconds)
        self._cpu_s, self._lock_s = cpu_s, lock_s
        self._lock = asyncio.Lock()

    async def append_event(self, session: Session, event: Event) -> Event:
        """Append, and pay with the final reply."""
        if event.author != "user" and event.is_final_response() and not event.partial:
            burn(self._cpu_s)
            if self._lock_s:
                async with self._lock:
                    await asyncio.sleep(self._lock_s)
        return await super().append_event(session, event)


def factory(uri: str, ttl_seconds: float) -> Planted:
    """For `--sessions tests.validate.planted:factory`."""
    cpu_ms, lock_ms = (float(os.environ.get(name, "0")) for name in (CPU, LOCK))
    return Planted(uri, ttl_seconds=ttl_seconds, cpu_s=cpu_ms / 1000, lock_s=lock_ms / 1000)
