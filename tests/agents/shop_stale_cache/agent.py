"""Guilty: to save work, each process keeps a conversation as it sent it to the model last.

It adds the newest message to its copy and never looks at the session again, so it does not know the
turns that other replicas have answered meanwhile.
"""

from __future__ import annotations

from google.adk.agents import Agent
from google.adk.agents.callback_context import CallbackContext
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.genai import types

_kept: dict[str, dict[str, list[types.Content]]] = {}
"""By session: what this process sent to the model, by turn."""


def track_order(order_id: str) -> dict[str, str]:
    """Tell where an order is."""
    return {"order": order_id, "status": "shipped"}


def send_what_is_kept(
    callback_context: CallbackContext, llm_request: LlmRequest
) -> LlmResponse | None:
    """Replace the history by the kept one."""
    contents = llm_request.contents
    newest = max(number for number, each in enumerate(contents) if _is_message(each))
    turns = _kept.setdefault(callback_context.session.id, {})
    if not turns:
        turns["before"] = contents[:newest]
    turns[callback_context.invocation_id] = contents[newest:]
    llm_request.contents = [each for kept in turns.values() for each in kept]
    return None


def _is_message(content: types.Content) -> bool:
    return content.role == "user" and any(part.text for part in content.parts or [])


root_agent = Agent(
    name="shop_stale_cache",
    model="gemini-2.5-flash",
    description="Helps the customers of a shop.",
    instruction="You are the customer service of a shop. Use track_order.",
    tools=[track_order],
    before_model_callback=send_what_is_kept,
)
