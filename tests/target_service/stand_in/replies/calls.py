"""Calls of a model for tests, and an agent that plays a turn with its replies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from target_service.stand_in.call import Call, Item, Tool
from target_service.stand_in.reply import Replies, Reply

TRACK = Tool(
    "track_order",
    "Tell where an order is.",
    {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]},
)
REFUND = Tool(
    "refund_payment",
    "Give the money back.",
    {"type": "object", "properties": {"amount": {"type": "number"}}, "required": ["amount"]},
)
EXIT = Tool("exit_loop", "Exits the loop.", {})
FORM = Tool(
    "set_model_response",
    "Set the final response.",
    {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]},
)
FINISH = Tool("finish_task", "Signal that the task is done.", FORM.schema)
ASK = Tool("adk_request_input", "Ask the user.", FORM.schema)
MESSAGE = "Where is my order ORD-58291?"
MOST_STEPS = 40


def transfer(*agents: str) -> Tool:
    """ADK's tool that passes a message on to one of these agents."""
    name = {"type": "string", "enum": list(agents)}
    schema = {"type": "object", "properties": {"agent_name": name}, "required": ["agent_name"]}
    return Tool("transfer_to_agent", "Transfer the question to another agent.", schema)


def identity(agent: str, description: str = "") -> str:
    """The beginning of ADK's system text."""
    text = f'You are an agent. Your internal name is "{agent}".'
    return f'{text} The description about you is "{description}".' if description else text


def team(parent: str = "", **descriptions: str) -> str:
    """ADK's system text about the other agents."""
    told = "\n".join(
        f"\nAgent name: {name}\nAgent description: {description}\n"
        for name, description in descriptions.items()
    )
    last = f"\ntransfer to your parent agent {parent}.\n" if parent else ""
    return f"\nYou have a list of other agents to transfer to:\n{told}{last}"


def said(*texts: str) -> list[Item]:
    """Messages of the customer."""
    return [Item("user", "text", text=text) for text in texts]


def called(name: str, args: dict[str, Any] | None = None, result: Any = None) -> list[Item]:
    """A call of a tool and its result."""
    answer = {"status": "shipped"} if result is None else result
    return [
        Item("model", "call", name=name, value=args or {}),
        Item("user", "result", name=name, value=answer),
    ]


def context(text: str) -> list[Item]:
    """What ADK tells of another agent."""
    return [
        Item("user", "text", text="For context: below is a transcript", adk_own=True),
        Item("user", "text", text=text, adk_own=True),
    ]


def call(items: Sequence[Item] = (), tools: Sequence[Tool] = (), **values: Any) -> Call:
    """A call; the only message is `MESSAGE` when there are no items."""
    defaults: dict[str, Any] = {
        "dialect": "gemini",
        "model": "gemini-2.5-flash",
        "stream": False,
        "tool_choice": "auto",
        "schema": None,
        "system": identity("shop"),
        "caller": "diya-r01",
        "prompt_tokens": 1,
    }
    return Call(items=tuple(items or said(MESSAGE)), tools=tuple(tools), **{**defaults, **values})


@dataclass
class Played:
    """A run of an agent."""

    names: list[str] = field(default_factory=list)
    """The tools that were called."""
    texts: list[str] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)


def play(
    replies: Replies,
    items: Sequence[Item],
    tools: Sequence[Tool],
    result: Callable[[str], Any] = lambda name: {"status": "done"},
    check: Callable[[Reply], None] = lambda reply: None,
    **values: Any,
) -> Played:
    """Play one agent's run as ADK does: until a text, a transfer, or an end that was accepted.

    Raises AssertionError when it does not end.
    """
    played = Played(items=list(items))
    for _ in range(MOST_STEPS):
        reply = replies.reply(call(played.items, tools, **values))
        check(reply)
        if reply.text:
            played.texts.append(reply.text)
            played.items.append(Item("model", "text", text=reply.text))
        if not reply.calls:
            return played
        for each in reply.calls:
            played.names.append(each.name)
            played.items += called(each.name, each.args, result(each.name))
            if each.name in ("transfer_to_agent", "exit_loop"):
                return played
            accepted = "error" not in result(each.name)
            if accepted and each.name in ("set_model_response", "finish_task"):
                return played
    raise AssertionError(f"the run does not end: {played.names}")
