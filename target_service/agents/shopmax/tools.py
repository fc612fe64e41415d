"""The agent's tools.  Their changes are in the session's state, where every replica sees them."""

from __future__ import annotations

from typing import Any

from google.adk.tools.tool_context import ToolContext

from target_service.agents.shopmax import orders


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


def refund_status(order_id: str, tool_context: ToolContext) -> dict[str, Any]:
    """See how much money comes back to the customer, and when.

    Args:
      order_id: The order's id.
    """
    order = orders.find(order_id)
    if order is None:
        return _unknown(order_id)
    tool_context.state["order"] = order.id
    returned = f"return:{order.id}" in tool_context.state
    return {
        "order_id": order.id,
        "amount_inr": order.amount_inr,
        "reference": order.id.replace("ORD", "RET" if returned else "PAY"),
        "when": "5 days after pickup" if returned else "within 3 working days",
    }


def check_coupon(order_id: str, coupon: str, tool_context: ToolContext) -> dict[str, Any]:
    """See what a coupon is worth on an order, and when its cashback comes.

    Args:
      order_id: The order's id.
      coupon: The coupon's code, for example DIWALI10.
    """
    order = orders.find(order_id)
    if order is None:
        return _unknown(order_id)
    tool_context.state["order"] = order.id
    cashback = orders.cashback(coupon)
    if cashback is None:
        return {"error": f"No coupon {coupon} was found."}
    tool_context.state[f"coupon:{order.id}"] = coupon.upper()
    return {
        "order_id": order.id,
        "coupon": coupon.upper(),
        "cashback_inr": min(cashback, order.amount_inr),
        "credited": order.delivery,
    }


def arrange_gift(order_id: str, note: str, tool_context: ToolContext) -> dict[str, Any]:
    """Send an order as a gift: wrapped, with a note, without the price on the bill.

    Args:
      order_id: The order's id.
      note: What the customer wants written, or wants done.
    """
    order = orders.find(order_id)
    if order is None:
        return _unknown(order_id)
    tool_context.state["order"] = order.id
    tool_context.state[f"gift:{order.id}"] = note
    return {"order_id": order.id, "wrap_inr": 49}


def raise_complaint(order_id: str, summary: str, tool_context: ToolContext) -> dict[str, Any]:
    """File a complaint; each further word about the same order takes it one level higher.

    Args:
      order_id: The order's id.
      summary: What the customer is unhappy about.
    """
    order = orders.find(order_id)
    if order is None:
        return _unknown(order_id)
    tool_context.state["order"] = order.id
    key = f"complaint:{order.id}"
    level = min(int(tool_context.state.get(key, 0)) + 1, len(_OWNERS))
    tool_context.state[key] = level
    owner, callback = _OWNERS[level - 1]
    return {
        "order_id": order.id,
        "complaint_id": order.id.replace("ORD", "CMP"),
        "owner": owner,
        "callback": callback,
    }


_OWNERS = (
    ("our care team", "within 24 hours"),
    ("a supervisor", "within 4 hours"),
    ("the regional manager", "within the hour"),
)
"""The owner of a complaint at each level, and when the owner calls back."""


def _unknown(order_id: str) -> dict[str, Any]:
    return {"error": f"No order {order_id} was found."}
