"""A tool and an answer in a schema: ADK has the model answer by `set_model_response`."""

from __future__ import annotations

from google.adk.agents import LlmAgent
from pydantic import BaseModel


class Status(BaseModel):
    """Where an order is."""

    order_id: str
    delivered: bool
    words: str


def track_order(order_id: str) -> dict[str, str]:
    """Tell where an order is."""
    return {"order": order_id, "status": "shipped"}


root_agent = LlmAgent(
    name="shop_form_tool",
    model="gemini-2.5-flash",
    instruction="Look up the order with track_order, and fill in its status.",
    tools=[track_order],
    output_schema=Status,
)
