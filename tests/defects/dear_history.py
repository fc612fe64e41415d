"""A session service that is wrong on purpose: it computes for 50 ms over each event of the history.

Every turn is right, and the longer a conversation lasts, the dearer each of its turns becomes.
"""

from __future__ import annotations

import time

from google.adk.sessions.base_session_service import GetSessionConfig
from google.adk.sessions.session import Session

from target_service.sessions.service import RedisSessionService

EACH_S = 0.05
"""Processor seconds over one event."""


class DearHistory(RedisSessionService):
    """Reads the session as it should, and then holds up the event loop."""

    async def get_session(
        self,
        *,
        app_name: str,
        user_id: str,
        session_id: str,
        config: GetSessionConfig | None = None,
    ) -> Session | None:
        """The whole session, or None, late."""
        session = await super().get_session(
            app_name=app_name, user_id=user_id, session_id=session_id, config=config
        )
        if session is not None:
            # Of the processor, not of the clock: on a busy machine it is as much work.
            end = time.thread_time() + EACH_S * len(session.events)
            while time.thread_time() < end:
                pass
        return session


def factory(uri: str, ttl_seconds: float) -> DearHistory:
    """For `--sessions tests.defects.dear_history:factory`."""
    return DearHistory(uri, ttl_seconds)
