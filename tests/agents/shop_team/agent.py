"""A coordinator and two specialists, who take over by a transfer and can hand back."""

from __future__ import annotations

from google.adk.agents import Agent


def track_order(order_id: str, express: bool = False) -> dict[str, str]:
    """Tell where an order is."""
    return {"order": order_id, "status": "shipped", "express": str(express)}


def open_refund(order_id: str, reason: str) -> dict[str, str]:
    """Ask for the money of an order back."""
    return {"order": order_id, "refund": "requested", "reason": reason}


orders = Agent(
    name="orders",
    model="gemini-2.5-flash",
    description="Knows where orders are.",
    instruction="Answer questions about orders. Use track_order.",
    tools=[track_order],
)
refunds = Agent(
    name="refunds",
    model="gemini-2.5-flash",
    description="Pays money back.",
    instruction="Help with refunds. Use open_refund.",
    tools=[open_refund],
)
root_agent = Agent(
    name="shop_team",
    model="gemini-2.5-flash",
    description="Welcomes the customers of a shop.",
    instruction="Transfer the customer to the colleague who can help.",
    sub_agents=[orders, refunds],
)
