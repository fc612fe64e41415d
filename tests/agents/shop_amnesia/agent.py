"""Guilty: a plugin leaves out the first message of conversations that began before the process.

It takes the message for a leftover of an older release.  Nothing shows while no replica restarts.
"""

from __future__ import annotations

import time
from typing import Any

from google.adk.agents import LlmAgent
from google.adk.agents.callback_context import CallbackContext
from google.adk.apps.app import App
from google.adk.models.llm_request import LlmRequest
from google.adk.plugins.base_plugin import BasePlugin


class Leftovers(BasePlugin):
    """Drops the beginning of every conversation that is older than this process."""

    def __init__(self) -> None:
        super().__init__(name="leftovers")
        self._started = time.time()

    async def before_model_callback(
        self, *, callback_context: CallbackContext, llm_request: LlmRequest
    ) -> Any:
        """Shorten the contents."""
        events = callback_context.session.events
        if events and events[0].timestamp < self._started:
            del llm_request.contents[0]


def track_order(order_id: str) -> dict[str, str]:
    """Tell where an order is."""
    return {"order": order_id, "status": "shipped"}


root_agent = LlmAgent(
    name="shop_amnesia",
    model="gemini-2.5-flash",
    instruction="You are the customer service of a shop. Use track_order.",
    tools=[track_order],
)
app = App(name="shop_amnesia", root_agent=root_agent, plugins=[Leftovers()])
