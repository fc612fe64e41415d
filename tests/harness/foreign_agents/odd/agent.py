"""Answers by the customer's word: `confirm`, `wait`, `raw`, `done`, `thought`, `error`, ..."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from google.adk.agents import LlmAgent
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.adk.tools.function_tool import FunctionTool
from google.adk.tools.long_running_tool import LongRunningFunctionTool
from google.adk.tools.tool_context import ToolContext
from google.genai import types

TOOLS = {
    "confirm": "pay_back",
    "wait": "ask_a_human",
    "raw": "look_up",
    "chatty": "note",
    "done": "note",
    "promised": "note",
}
NOTHING_TO_ADD = ("done", "promised")
"""After the tool's result, that is."""


def pay_back(amount: int) -> dict[str, Any]:
    """Pay money back."""
    return {"paid": amount}


def ask_a_human(amount: int) -> None:
    """Ask somebody; the answer comes some other day."""


def look_up(amount: int, tool_context: ToolContext) -> dict[str, Any]:
    """Look something up that needs no further words."""
    tool_context.actions.skip_summarization = True
    return {"found": amount}


def note(amount: int, tool_context: ToolContext) -> dict[str, Any]:
    """Note something down in the session's state."""
    tool_context.state["noted"] = amount
    return {"noted": amount}


class OddModel(BaseLlm):
    """Obeys the last word of the customer's message."""

    model: str = "odd"

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        parts = [part for content in llm_request.contents for part in content.parts or []]
        wish = next((p.text for p in reversed(parts) if p.text and p.text.isalpha()), "plain")
        if parts[-1].function_response is not None:
            done = _said(types.Part(text="It is done."))
            yield LlmResponse() if wish in NOTHING_TO_ADD else done
        elif wish in TOOLS:
            call = types.Part.from_function_call(name=TOOLS[wish], args={"amount": 7})
            if wish == "promised":
                yield _said(types.Part(text="I shall note it."))
            yield _said(types.Part(text="Let me see."), call)
        elif wish == "thought":
            yield _said(types.Part(text="Hmm.", thought=True))
        elif wish == "empty":
            yield _said(types.Part(text=""))
        elif wish == "silent":
            yield LlmResponse()
        elif wish == "error":
            yield LlmResponse(error_code="RESOURCE_EXHAUSTED", error_message="try another day")
        else:
            if stream:
                yield LlmResponse(content=_content(types.Part(text="All ")), partial=True)
            yield _said(types.Part(text="All is well."))


def _content(*parts: types.Part) -> types.Content:
    return types.Content(role="model", parts=list(parts))


def _said(*parts: types.Part) -> LlmResponse:
    return LlmResponse(content=_content(*parts))


root_agent = LlmAgent(
    name="odd",
    model=OddModel(),
    tools=[
        FunctionTool(pay_back, require_confirmation=True),
        LongRunningFunctionTool(ask_a_human),
        look_up,
        note,
    ],
)
