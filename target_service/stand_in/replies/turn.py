"""The events since the customer's last message, as one agent's model is shown them."""

from __future__ import annotations

import re
from functools import cached_property

from target_service.stand_in.call import Call, Item

TRANSFER = "transfer_to_agent"
_CALLED_ELSEWHERE = re.compile(r"\] called tool `([^`]+)`")
"""How ADK tells an agent of the calls of another one."""


class Turn:
    """One turn of a conversation, up to this call of the model."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.items = call.since_message

    @cached_property
    def message(self) -> str:
        """The customer's last text; where there is none, the last text of any user."""
        messages = self.call.messages
        if messages:
            return messages[-1]
        texts = [each.text for each in self.call.items if each.kind == "text"]
        return texts[-1] if texts else ""

    @cached_property
    def called(self) -> list[str]:
        """The tools that this agent called in the turn, in order."""
        return [each.name for each in self.items if each.kind == "call"]

    @cached_property
    def called_elsewhere(self) -> list[str]:
        """The tools that other agents called in the turn, in order."""
        texts = (each.text for each in self.items if each.adk_own)
        return [name for text in texts for name in _CALLED_ELSEWHERE.findall(text)]

    @property
    def transferred(self) -> bool:
        """Whether the message was passed on from one agent to another one."""
        return TRANSFER in self.called or TRANSFER in self.called_elsewhere

    @cached_property
    def run(self) -> tuple[Item, ...]:
        """The calls and results since anybody last said a text: this agent's run, so far."""
        count = len(self.items)
        while count and (
            self.items[count - 1].kind != "text" or self.items[count - 1].role == "model"
        ):
            count -= 1
        return self.items[count:]

    @cached_property
    def results(self) -> list[Item]:
        """The answers of tools in the turn that this agent was shown."""
        return [each for each in self.items if each.kind == "result"]
