"""The scripted agent's replies, computed from the contents that the model was shown.

Pure functions, so that a turn that is run again on another replica has the same reply.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from google.genai import types

from target_service.agents.shopmax import orders
from target_service.model import intents
from target_service.model.phrases import say


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
    """The next step, given all the contents that the model is shown."""
    result = _tool_result(contents)
    messages = customer_messages(contents)
    language = intents.language(messages[-1]) if messages else "en"
    if result is not None:
        return Say(_report(*result, language, first=len(messages) <= 1))
    if not messages:
        return Say(say("greeting", language))
    topic = intents.topic(messages)
    if topic in ("thanks", "product"):
        return Say(say(topic, language))
    order_id = _last_named(contents, orders.ORDER_ID)
    if order_id is None:
        return Say(say("which_order", language))
    return _call(topic, order_id, messages[-1], contents)


def _call(topic: str, order_id: str, text: str, contents: Sequence[types.Content]) -> Call:
    order = {"order_id": order_id}
    if topic == "change":
        return Call("change_delivery", {**order, "slot": intents.slot(text)})
    if topic == "return":
        return Call("start_return", {**order, "reason": text[:80]})
    if topic == "coupon":
        coupon = _last_named(contents, orders.COUPON) or "none"
        return Call("check_coupon", {**order, "coupon": coupon})
    if topic == "gift":
        return Call("arrange_gift", {**order, "note": text[:80]})
    if topic == "complaint":
        return Call("raise_complaint", {**order, "summary": text[:80]})
    tools = {"payment": "check_payment", "refund": "refund_status"}
    return Call(tools.get(topic, "track_order"), order)


def _last_named(contents: Sequence[types.Content], pattern: re.Pattern[str]) -> str | None:
    """The last match in any message, the agent's included: this makes a reply depend on context."""
    for content in reversed(contents):
        for part in reversed(content.parts or []):
            if part.text and (found := pattern.findall(part.text)):
                return str(found[-1]).upper()
    return None


def _tool_result(contents: Sequence[types.Content]) -> tuple[str, dict[str, Any]] | None:
    """The tool result in the last content, if it holds one."""
    for part in reversed((contents[-1].parts or []) if contents else []):
        if part.function_response is not None:
            return part.function_response.name or "", part.function_response.response or {}
    return None


def _report(tool: str, result: dict[str, Any], language: str, *, first: bool) -> str:
    if "error" in result:
        return say("error", language, error=result["error"])
    if tool == "track_order" and not first:
        return say("track_order_again", language, **result)
    return say(tool, language, **result)
