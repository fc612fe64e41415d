"""A reply of the stand-in, before it is put into the form of an API."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from target_service.stand_in.call import Call

Source = Literal["recorded", "script", "automatic"]


@dataclass(frozen=True, slots=True)
class Delays:
    """How long the real model took, when the reply was recorded."""

    first_token_s: float
    whole_s: float
    """Seconds from the request to the end of the reply."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model wants called."""

    name: str
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply of the model: a text, or calls of tools, or both."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    thought: str = ""
    """The model's thoughts before the reply, when it shows them."""
    source: Source = "automatic"
    delays: Delays | None = None
    """None: drawn from the latency that the stand-in was started with."""


class Replies(Protocol):
    """Decides what the model says."""

    def reply(self, call: Call) -> Reply:
        """The reply to a call; the same call gets the same reply."""
        ...


class PlainReplies:
    """Repeats the customer's last message, and calls no tool."""

    def reply(self, call: Call) -> Reply:
        """A text."""
        messages = call.messages
        return Reply(text=f"You said: {messages[-1]}" if messages else "How can I help you?")
