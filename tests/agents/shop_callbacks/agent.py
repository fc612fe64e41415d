"""Every callback that an agent may have: they count, add to the instruction and sign the answer."""

from __future__ import annotations

from typing import Any

from google.adk.agents import Agent
from google.adk.agents.callback_context import CallbackContext
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.adk.tools.base_tool import BaseTool
from google.adk.tools.tool_context import ToolContext
from google.genai import types

_SIGNATURE = " – your shop"


def track_order(order_id: str) -> dict[str, Any]:
    """Tell where an order is."""
    return {"order": order_id, "status": "shipped"}


def count_turns(callback_context: CallbackContext) -> types.Content | None:
    """Count the turns of the session in its state."""
    callback_context.state["turns"] = callback_context.state.get("turns", 0) + 1
    return None


def say_which_turn(
    callback_context: CallbackContext, llm_request: LlmRequest
) -> LlmResponse | None:
    """Tell the model how long the conversation is already."""
    llm_request.append_instructions([f"This is turn {callback_context.state['turns']}."])
    return None


def sign(callback_context: CallbackContext, llm_response: LlmResponse) -> LlmResponse | None:
    """End the whole answer with the shop's name."""
    content = llm_response.content
    if llm_response.partial or content is None or not content.parts:
        return None
    if content.parts[-1].text is None:
        return None
    parts = [*content.parts, types.Part(text=_SIGNATURE)]
    return llm_response.model_copy(
        update={"content": types.Content(role=content.role, parts=parts)}
    )


def in_capitals(
    tool: BaseTool, args: dict[str, Any], tool_context: ToolContext
) -> dict[str, Any] | None:
    """Write order numbers as the shop's database does."""
    args["order_id"] = str(args.get("order_id", "")).upper()
    return None


def add_a_link(
    tool: BaseTool, args: dict[str, Any], tool_context: ToolContext, tool_response: dict[str, Any]
) -> dict[str, Any] | None:
    """Add a link to what the tool found."""
    return {**tool_response, "link": f"https://shop.example/orders/{args['order_id']}"}


root_agent = Agent(
    name="shop_callbacks",
    model="gemini-2.5-flash",
    description="Helps the customers of a shop.",
    instruction="You are the customer service of a shop. Use track_order.",
    tools=[track_order],
    before_agent_callback=count_turns,
    before_model_callback=say_which_turn,
    after_model_callback=sign,
    before_tool_callback=in_capitals,
    after_tool_callback=add_a_link,
)
