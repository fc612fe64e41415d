"""One call of the model in a neutral form: the same for every API that the stand-in speaks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Dialect = Literal["gemini", "openai"]
ToolChoice = Literal["auto", "any", "none"]

KEY_PREFIX = "diya-"
"""A replica's API key is this and its name, so that a call tells which replica made it."""
_REPLICA = re.compile(KEY_PREFIX + r"([A-Za-z0-9][A-Za-z0-9._-]{0,62})")
_LETTERS = {"call": "C", "result": "R", "text": "T"}
_NAME = re.compile(r'Your internal name is "([^"]*)"')
_OWN_BEGINNINGS = (
    "For context:",
    "Handle the requests as specified in the System Instruction",
    "Continue processing previous requests as instructed.",
    "The text between <<<BEGIN_SYSTEM_INSTRUCTION>>> and",
)
"""How the texts begin that ADK itself writes in the role of the user."""


@dataclass(frozen=True, slots=True)
class Item:
    """One part of the history that the model was shown."""

    role: Literal["user", "model"]
    kind: Literal["text", "call", "result"]
    text: str = ""
    name: str = ""
    """The tool's name, of a call or a result; of an OpenAI result it follows from the call."""
    call_id: str = ""
    value: Any = None
    """The arguments of a call, or the answer of a tool."""
    signature: str = ""
    """The `thoughtSignature` that came back with this part."""
    adk_own: bool = False
    """ADK or another agent wrote this text in the role of the user."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the agent declared."""

    name: str
    description: str
    schema: dict[str, Any]
    """JSON schema of the arguments; types may be in capitals, as Gemini's own schemas have them."""


@dataclass(frozen=True, slots=True)
class Call:
    """An agent's request to its model."""

    dialect: Dialect
    model: str
    stream: bool
    items: tuple[Item, ...]
    tools: tuple[Tool, ...]
    tool_choice: ToolChoice
    """`any`: the model must call a tool."""
    schema: dict[str, Any] | None
    """The schema of the reply's text, when the agent set one."""
    system: str
    caller: str = field(repr=False)
    """The API key that the agent sent: it tells the replica, and is written nowhere."""
    prompt_tokens: int

    @property
    def replica(self) -> str:
        """The replica that calls; "" when the key is none that the harness gave."""
        found = _REPLICA.fullmatch(self.caller)
        return found[1] if found else ""

    @property
    def messages(self) -> list[str]:
        """The customer's texts, oldest first."""
        return [item.text for item in self.items if _is_message(item)]

    @property
    def agent(self) -> str:
        """ADK's name of the agent that calls; "" when the system text has none."""
        found = _NAME.search(self.system)
        return found[1] if found else ""

    @property
    def since_message(self) -> tuple[Item, ...]:
        """The items after the customer's last text; all items when there is no such text."""
        for index in range(len(self.items) - 1, -1, -1):
            if _is_message(self.items[index]):
                return self.items[index + 1 :]
        return self.items

    @property
    def steps(self) -> str:
        """The agent's own items after the last message: `C` a call, `R` a result, `T` a text of the
        model; so `CR` after its first tool."""
        return "".join(_LETTERS[item.kind] for item in self.since_message if not item.adk_own)


def is_adk_own(texts: Sequence[str]) -> bool:
    """Whether ADK wrote a user content with these texts.

    Another agent's words are one content of several texts, of which only the first one says so.
    """
    return bool(texts) and texts[0].startswith(_OWN_BEGINNINGS)


def _is_message(item: Item) -> bool:
    return item.role == "user" and item.kind == "text" and not item.adk_own
