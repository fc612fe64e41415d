"""Agents with callbacks, a plugin, transfers, toolsets and tools that change.

The model replies with the whole request that it was given, so that two servers can be compared by
their models' requests.  The first word of the customer's last message is the command.
"""

from __future__ import annotations

import contextvars
import functools
import json
import os
import re
from collections.abc import AsyncGenerator
from typing import Any

from google.adk.agents import LlmAgent, SequentialAgent
from google.adk.agents.callback_context import CallbackContext
from google.adk.apps import App
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.adk.plugins.base_plugin import BasePlugin
from google.adk.tools.base_toolset import BaseToolset
from google.adk.tools.function_tool import FunctionTool
from google.adk.tools.tool_context import ToolContext
from google.genai import types

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
_SEEN: contextvars.ContextVar[str] = contextvars.ContextVar("seen", default="nothing")


class Echo(BaseLlm):
    """Calls the tools that a message names, transfers, or replies with the request."""

    model: str = "echo"

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        """One response; its text in two pieces before, when streaming."""
        last = llm_request.contents[-1]
        words = next((part.text for part in last.parts or () if part.text), "").split()
        _SEEN.set("the model")
        if words[:1] == ["call"]:
            parts = [
                types.Part.from_function_call(name=name, args={"text": "x", "count": number})
                for number, name in enumerate(words[1:])
            ]
        elif words[:1] == ["transfer"]:
            arguments = {"agent_name": words[1]}
            parts = [types.Part.from_function_call(name="transfer_to_agent", args=arguments)]
        elif words[:1] == ["fail"]:
            raise RuntimeError("the model failed")
        else:
            shown = llm_request.model_dump(mode="json", exclude={"tools_dict"}, exclude_none=True)
            shown["tools"] = {
                name: [tool.description, sorted(vars(tool))]
                for name, tool in llm_request.tools_dict.items()
            }
            # Its own earlier replies are shown by a digest: they would double with every turn.
            text = json.dumps(_short(shown), sort_keys=True)
            if stream:
                for piece in (text[:40], text[40:]):
                    yield LlmResponse(content=_says(piece), partial=True)
            parts = _says(text).parts or []
            # Later requests must not see the changes that one request made to its own copies.
            for content in llm_request.contents:
                for part in content.parts or ():
                    part.text = part.text and part.text + " (seen)"
            for tool in (llm_request.config.tools or ())[:1]:
                for declaration in getattr(tool, "function_declarations", None) or ():
                    declaration.description = "spoilt"
        yield LlmResponse(content=types.Content(role="model", parts=parts))


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _short(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_short(each) for each in value]
    if isinstance(value, str) and value.startswith("{"):
        return f"a reply of {len(_ID.sub('', value))} characters"
    return value


def _says(text: str) -> types.Content:
    return types.Content(role="model", parts=[types.Part(text=text)])


def plain(text: str, count: int = 1) -> dict[str, Any]:
    """Repeat a text.

    Args:
      text: The text to repeat.
      count: How often.
    """
    return {"text": text * count, "seen": _SEEN.get()}


def remember(text: str, tool_context: ToolContext) -> str:
    """Keep a text in the session's state."""
    tool_context.state["kept"] = [*tool_context.state.get("kept", []), text]
    # The next model call is shown another tool than this one was.
    remember.__doc__ = f"Keep a text; {len(tool_context.state['kept'])} are kept."
    return "kept"


async def wrong(text: str) -> None:
    """Fails."""
    raise ValueError(text)


@functools.wraps(plain)
def wrapped(*args: Any, **named: Any) -> dict[str, Any]:
    """Is `plain`, by another name."""
    return plain(*args, **named)


wrapped.__name__ = "wrapped"


class Changing(BaseToolset):
    """Has one tool more at each call, up to three."""

    def __init__(self) -> None:
        super().__init__()
        self._asked = 0

    async def get_tools(self, readonly_context: Any = None) -> list[Any]:
        """Tools that are made anew each time."""
        self._asked = self._asked % 3 + 1

        def made(text: str) -> str:
            """Made at this call."""
            return text

        tools = []
        for number in range(self._asked):
            tool = FunctionTool(made)
            tool.name = f"made_{number}"
            tools.append(tool)
        return tools


async def before(callback_context: CallbackContext) -> types.Content | None:
    """Counts, and stops the agent at its third turn."""
    turns = callback_context.state.get("turns", 0) + 1
    callback_context.state["turns"] = turns
    return _says("not today") if turns == 3 else None


async def after_model(
    callback_context: CallbackContext, llm_response: LlmResponse
) -> LlmResponse | None:
    """Notes that there was a response."""
    callback_context.state["responses"] = callback_context.state.get("responses", 0) + 1
    return None


class Counting(BasePlugin):
    """Changes each event."""

    async def on_event_callback(self, *, invocation_context: Any, event: Any) -> Any:
        """Marks it, in a copy."""
        metadata = {**(event.custom_metadata or {}), "marked": True}
        return event.model_copy(update={"custom_metadata": metadata})


_step_one = LlmAgent(name="step_one", model=Echo(), tools=[plain])
_step_two = LlmAgent(name="step_two", model=Echo(), instruction="You have seen {kept?}.")
root_agent = LlmAgent(
    name="manifold",
    model=Echo(),
    instruction="You are {turns?}.",
    tools=[plain, remember, wrong],
    sub_agents=[
        LlmAgent(
            name="called",
            description="Has callbacks.",
            model=Echo(),
            tools=[plain, wrapped, Changing()],
            before_agent_callback=before,
            after_model_callback=after_model,
        ),
        SequentialAgent(name="steps", sub_agents=[_step_one, _step_two]),
        LlmAgent(name="forgetful", model=Echo(), include_contents="none", output_key="said"),
    ],
)
app = App(
    name="manifold",
    root_agent=root_agent,
    plugins=[Counting("counting")] if os.environ.get("MANIFOLD_PLUGIN") else [],
)
