"""A session service that is wrong on purpose: reads fail now and then, with no fault anywhere.

Each turn is answered in the end, because customers ask again; nothing is lost and nothing is slow
enough to break a limit on latency.
"""

from __future__ import annotations

import random
from typing import Any

from google.adk.sessions.session import Session

from tests.defects.plain import PlainSessions

_SHARE = 0.3


class CalmRetries(PlainSessions):
    """Plain, but three of ten reads fail."""

    async def get_session(self, **which: Any) -> Session | None:
        """The whole session, or None.  Raises ConnectionError at random."""
        if random.random() < _SHARE:
            raise ConnectionError("the session store did not answer")
        return await super().get_session(**which)


def factory(uri: str, ttl_seconds: float) -> CalmRetries:
    """For `--sessions tests.defects.calm_retries:factory`."""
    return CalmRetries(uri, ttl_seconds)
