"""An agent that finds tables.  Its model is rehearsed, so that tests need no key and no network."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from typing import Any

from google.adk.agents import LlmAgent
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.adk.tools.tool_context import ToolContext
from google.genai import types

TABLES = {2: "by the window", 4: "in the garden", 8: "in the hall"}


def find_table(guests: int, tool_context: ToolContext) -> dict[str, Any]:
    """Find the smallest table at which so many guests can sit."""
    table = next((place for seats, place in TABLES.items() if seats >= guests), None)
    tool_context.state["table"] = table
    return {"guests": guests, "table": table}


class Rehearsed(BaseLlm):
    """Looks for a table when a number of guests is named, and reports the result."""

    model: str = "rehearsed"

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        """One reply, or one call of the tool."""
        part = (llm_request.contents[-1].parts or [types.Part(text="")])[-1]
        if part.function_response is not None:
            found = part.function_response.response or {}
            yield _said(types.Part(text=f"Your table is {found.get('table') or 'not here'}."))
        elif guests := re.search(r"\d+", part.text or ""):
            call = types.Part.from_function_call(
                name="find_table", args={"guests": int(guests.group())}
            )
            yield _said(call)
        else:
            yield _said(types.Part(text="Gladly."))


def _said(part: types.Part) -> LlmResponse:
    return LlmResponse(content=types.Content(role="model", parts=[part]))


root_agent = LlmAgent(
    name="concierge",
    model=Rehearsed(),
    instruction="Find guests a table.  Never promise one that there is not.",
    tools=[find_table],
)
