"""The agent's tools.  What they change lives in the session's state, so every replica sees it."""

from __future__ import annotations

from typing import Any

from google.adk.tools.tool_context import ToolContext

from target_service import orders


def track_order(order_id: str, tool_context: ToolContext) -> dict[str, Any]:
    """Look up where an order is and when it will arrive.

    Args:
      order_id: The order's id, for example ORD-58291.
    """
    order = orders.find(order_id)
    if order is None:
        return _unknown(order_id)
    tool_context.state["order"] = order.id
    changed = tool_context.state.get(f"delivery:{order.id}")
    return {
        "order_id": order.id,
        "status": order.status,
        "carrier": order.carrier,
        "item": order.item,
        "delivery": changed or order.delivery,
    }


def change_delivery(order_id: str, slot: str, tool_context: ToolContext) -> dict[str, Any]:
    """Change when an order is delivered.

    Args:
      order_id: The order's id.
      slot: The new day or time of day, as the customer says it.
    """
    order = orders.find(order_id)
    if order is None:
        return _unknown(order_id)
    tool_context.state["order"] = order.id
    tool_context.state[f"delivery:{order.id}"] = slot
    return {"order_id": order.id, "delivery": slot, "carrier": order.carrier}


def start_return(order_id: str, reason: str, tool_context: ToolContext) -> dict[str, Any]:
    """Start the return of an order and its refund.

    Args:
      order_id: The order's id.
      reason: Why the customer returns it.
    """
    order = orders.find(order_id)
    if order is None:
        return _unknown(order_id)
    tool_context.state["order"] = order.id
    tool_context.state[f"return:{order.id}"] = reason
    return {
        "order_id": order.id,
        "return_id": order.id.replace("ORD", "RET"),
        "refund_inr": order.amount_inr,
    }


def check_payment(order_id: str, tool_context: ToolContext) -> dict[str, Any]:
    """See whether a payment went through, and what happens to money that was taken.

    Args:
      order_id: The order's id.
    """
    order = orders.find(order_id)
    if order is None:
        return _unknown(order_id)
    tool_context.state["order"] = order.id
    return {"order_id": order.id, "payment": "reversed", "amount_inr": order.amount_inr}


def _unknown(order_id: str) -> dict[str, Any]:
    return {"error": f"No order {order_id} was found."}
