"""The plainest agent: Gemini, one instruction and one tool."""

from __future__ import annotations

from google.adk.agents import Agent


def track_order(order_id: str) -> dict[str, str]:
    """Tell where an order is.

    Args:
        order_id: The number of the order, such as ORD-58291.
    """
    return {"order": order_id, "status": "shipped", "carrier": "Ekart", "expected": "Thursday"}


root_agent = Agent(
    name="shop_gemini",
    model="gemini-2.5-flash",
    description="Helps the customers of a shop.",
    instruction="You are the customer service of a shop. Use track_order to look up orders.",
    tools=[track_order],
)
