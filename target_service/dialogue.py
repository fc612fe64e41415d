"""The scripted agent's side of the talk: from what the model was shown to what it says.

Pure functions of the contents, so that a turn run again on another replica says the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from google.genai import types

from target_service import orders


@dataclass(frozen=True)
class Say:
    """Answer with this text."""

    text: str


@dataclass(frozen=True)
class Call:
    """Call this tool first."""

    tool: str
    arguments: dict[str, Any]


def customer_messages(contents: Sequence[types.Content]) -> list[str]:
    """The texts of the customer's messages, oldest first; tools' results are not among them."""
    messages = []
    for content in contents:
        if content.role != "user":
            continue
        texts = [part.text for part in content.parts or [] if part.text]
        if texts:
            messages.append("".join(texts))
    return messages


def decide(contents: Sequence[types.Content]) -> Say | Call:
    """What to do next, given everything the model is shown."""
    result = _tool_result(contents)
    messages = customer_messages(contents)
    if result is not None:
        return Say(_report(*result, first=len(messages) <= 1))
    if not messages:
        return Say("Namaste! How can I help you with your ShopMax order?")
    text = messages[-1].lower()
    order_id = _order_in_context(contents)
    intent = _intent(text)
    if intent == "thanks":
        return Say("You are welcome. Shubh Deepavali from all of us at ShopMax!")
    if intent == "product":
        return Say(
            "It is in stock with a 10-day return window, and the festive price holds until "
            "midnight. Shall I tell you more about delivery?"
        )
    if order_id is None:
        return Say("Please tell me your order number, it looks like ORD-58291.")
    if intent == "change":
        return Call("change_delivery", {"order_id": order_id, "slot": _slot(text)})
    if intent == "return":
        return Call("start_return", {"order_id": order_id, "reason": messages[-1][:80]})
    if intent == "payment":
        return Call("check_payment", {"order_id": order_id})
    return Call("track_order", {"order_id": order_id})


_INTENTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("change", ("change", "resched", "another day", "instead", "badal", "postpone")),
    ("return", ("return", "refund", "damaged", "wapas", "exchange")),
    ("payment", ("payment", "paid", "charged", "upi", "debited", "paise")),
    ("product", ("in stock", "warranty", "does it", "colour", "size", "compare", "kya ye")),
    ("thanks", ("thank", "dhanyavaad", "shukriya", "bye")),
)


def _intent(text: str) -> str:
    for intent, words in _INTENTS:
        if any(word in text for word in words):
            return intent
    return "track"


_SLOTS = ("saturday", "sunday", "tomorrow", "evening", "morning", "next week", "monday")


def _slot(text: str) -> str:
    return next((slot for slot in _SLOTS if slot in text), "the next free day")


def _order_in_context(contents: Sequence[types.Content]) -> str | None:
    """The order spoken of last, by the customer or by us: context is what is being tested."""
    for content in reversed(contents):
        for part in reversed(content.parts or []):
            if part.text and (found := orders.ORDER_ID.search(part.text)):
                return found.group().upper()
    return None


def _tool_result(contents: Sequence[types.Content]) -> tuple[str, dict[str, Any]] | None:
    """The result that the last content brings, if it is a tool's."""
    for part in reversed((contents[-1].parts or []) if contents else []):
        if part.function_response is not None:
            return part.function_response.name or "", part.function_response.response or {}
    return None


def _report(tool: str, result: dict[str, Any], *, first: bool) -> str:
    if "error" in result:
        return f"{result['error']} Could you check the number?"
    order = result.get("order_id")
    if tool == "change_delivery":
        return f"Done: order {order} will now come {result['delivery']}, with {result['carrier']}."
    if tool == "start_return":
        return (
            f"I have started return {result['return_id']} for order {order}. "
            f"₹{result['refund_inr']} will be refunded after pickup."
        )
    if tool == "check_payment":
        return (
            f"The payment of ₹{result['amount_inr']} for order {order} was reversed; "
            "it reaches your account within 3 working days."
        )
    if first:
        return (
            f"I can help you track order {order}. It is {result['status']} with "
            f"{result['carrier']}: {result['item']}."
        )
    return (
        f"Based on your order {order}, the expected delivery is {result['delivery']}, "
        f"with {result['carrier']}."
    )
