"""A model for agents of the calibration: a function from the last message to a reply."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.genai import types

_LATENCY_S = 0.05


class Echo(BaseLlm):
    """Answers with `say` applied to the customer's last message."""

    model: str = "echo"
    say: Callable[[str], str] = str.strip

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        """Yield one whole response."""
        await asyncio.sleep(_LATENCY_S)
        said = [_text(each) for each in llm_request.contents if each.role == "user"]
        reply = self.say(said[-1] if said else "")
        yield LlmResponse(content=types.Content(role="model", parts=[types.Part(text=reply)]))


def _text(content: Any) -> str:
    return "".join(part.text or "" for part in content.parts or [])
