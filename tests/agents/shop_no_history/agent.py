"""Each message is answered for itself: `include_contents="none"` leaves the history out."""

from __future__ import annotations

from google.adk.agents import LlmAgent


def track_order(order_id: str) -> dict[str, str]:
    """Tell where an order is."""
    return {"order": order_id, "status": "shipped"}


root_agent = LlmAgent(
    name="shop_no_history",
    model="gemini-2.5-flash",
    instruction="Answer the customer's question. Use track_order.",
    include_contents="none",
    tools=[track_order],
)
