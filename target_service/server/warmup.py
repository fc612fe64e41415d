"""Runs one turn before the first customer, because ADK imports many modules in the first run."""

from __future__ import annotations

import dataclasses
import gc

from google.adk.runners import Runner
from google.adk.sessions.in_memory_session_service import InMemorySessionService
from google.genai import types

from target_service.agents.shopmax import agent
from target_service.settings import Settings

_APP, _USER = "warm-up", "nobody"
_FULL_EVERY = 1000
"""Collections of the middle generation before a full one; Python's own value is 10."""


async def warm_up(config: Settings) -> None:
    """Run one turn with a tool call, in memory and with the scripted model at full speed.

    Afterwards the start-up's objects are frozen, and full garbage collections are rare.  One walks
    all cached histories, which have no cycles.  After 2,500 turns that stopped the event loop for
    0.16 s, and with Python's own thresholds it came every 1.5 s: a tenth of the processor's time.
    """
    quick = dataclasses.replace(config, model="scripted", model_ttft_ms=0.0, model_tokens_per_s=1e6)
    sessions = InMemorySessionService()
    session = await sessions.create_session(app_name=_APP, user_id=_USER)
    runner = Runner(app_name=_APP, agent=agent.build(quick), session_service=sessions)
    message = types.Content(role="user", parts=[types.Part(text="Where is ORD-58291?")])
    async for _ in runner.run_async(user_id=_USER, session_id=session.id, new_message=message):
        pass
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _FULL_EVERY)
    gc.enable()
