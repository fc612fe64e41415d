"""The agent, and the plugin that redacts."""

from __future__ import annotations

import re
from typing import Any

from google.adk.agents import LlmAgent
from google.adk.apps.app import App
from google.adk.plugins.base_plugin import BasePlugin
from google.genai import types

from tests.calibrate.agents.echo import Echo

_ORDER = re.compile(r"ORD-\d+")


class Redaction(BasePlugin):
    """Replaces order numbers, as one does with card numbers."""

    async def on_user_message_callback(
        self, *, invocation_context: Any, user_message: types.Content
    ) -> types.Content:
        """The message as it is to be stored."""
        parts = [
            types.Part(text=_ORDER.sub("[order]", part.text)) if part.text else part
            for part in user_message.parts or []
        ]
        return types.Content(role=user_message.role, parts=parts)


root_agent = LlmAgent(
    name="redacting",
    model=Echo(say=lambda message: f"I have read: {message}"),
    instruction="Repeat the customer's message.",
)
app = App(name="redacting", root_agent=root_agent, plugins=[Redaction(name="redaction")])
