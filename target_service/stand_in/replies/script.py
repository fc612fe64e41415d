"""The script beside the journeys: which tools are called for the messages of a journey.

Its file is JSON, made from a file of journeys:

    {"journeys": {"track": {
        "messages": [["Where is my order ", "order", "?"], ["And when?"]],
        "calls": [{"tool": "track_order", "args": {"order_id": "{order}"}}]
    }}}

Every second part of a message is the name of a slot.  `calls` is null for a journey without a
script, which is there so that its messages are not taken for those of another one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from target_service.stand_in.call import Call
from target_service.stand_in.replies.allowed import AllowedTools
from target_service.stand_in.replies.automatic import Automatic, called, declared
from target_service.stand_in.replies.errors import RepliesError
from target_service.stand_in.replies.turn import TRANSFER, Turn
from target_service.stand_in.reply import Reply, ToolCall

_SLOT = re.compile(r"\{(\w[\w-]*)\}")


@dataclass(frozen=True, slots=True)
class _Step:
    tool: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Message:
    """A message of a journey with its slots as groups."""

    pattern: re.Pattern[str]
    slots: tuple[str, ...]

    def values(self, text: str) -> dict[str, str] | None:
        """The values of the slots in the text; None when it is another message."""
        found = self.pattern.fullmatch(text)
        return None if found is None else dict(zip(self.slots, found.groups(), strict=True))


@dataclass(slots=True)
class _Messages:
    """All messages of a file, each with the place of its journey."""

    plain: dict[str, list[int]] = field(default_factory=dict)
    with_slots: list[tuple[_Message, int]] = field(default_factory=list)

    def add(self, parts: list[str], journey: int) -> None:
        """Add the message with these parts."""
        if len(parts) == 1:
            self.plain.setdefault(parts[0].strip(), []).append(journey)
            return
        ends = [parts[0].lstrip(), *parts[1:-1], parts[-1].rstrip()]
        pieces = [re.escape(each) if place % 2 == 0 else "(.+?)" for place, each in enumerate(ends)]
        pattern = re.compile("".join(pieces), re.DOTALL)
        self.with_slots.append((_Message(pattern, tuple(parts[1::2])), journey))

    def find(self, text: str) -> Iterator[tuple[int, dict[str, str]]]:
        """The journeys that have this message, each with the values of the slots."""
        text = text.strip()
        for journey in self.plain.get(text, ()):
            yield journey, {}
        for message, journey in self.with_slots:
            values = message.values(text)
            if values is not None:
                yield journey, values


class Script:
    """Replies as the script says them."""

    def __init__(self, values: Any, allowed: AllowedTools, name: str = "the script") -> None:
        """Read the values of the file `name`.  Raises RepliesError."""
        self._automatic = Automatic(allowed)
        self._allowed = allowed
        self._messages = _Messages()
        self._calls: list[tuple[_Step, ...] | None] = []
        try:
            for journey in values["journeys"].values():
                steps = journey["calls"]
                place = len(self._calls)
                self._calls.append(
                    None
                    if steps is None
                    else tuple(_Step(str(each["tool"]), dict(each["args"])) for each in steps)
                )
                for parts in journey["messages"]:
                    self._messages.add([str(each) for each in parts], place)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise RepliesError(
                f"{name} must be a script made from a file of journeys, got a file that cannot be "
                f"read as one ({type(error).__name__}: {error})"
            ) from None

    @classmethod
    def load(cls, path: Path, allowed: AllowedTools) -> Script:
        """Read a file.  Raises RepliesError."""
        try:
            values = json.loads(path.read_bytes())
        except OSError as error:
            raise RepliesError(f"cannot read the script {path}: {error.strerror}") from None
        except ValueError as error:
            raise RepliesError(f"{path} must be JSON, got {error}") from None
        return cls(values, allowed, str(path))

    def find(self, call: Call) -> Reply | None:
        """The reply; None when the script says nothing about the conversation."""
        messages = call.messages
        found = self._journey(messages)
        if found is None:
            return None
        steps, slots = found
        turn = Turn(call)
        left = [
            step
            for step in _left(steps, [*turn.called_elsewhere, *turn.called])
            if self._allowed.may_call(step.tool)
        ]
        if left and call.tool_choice != "none":
            made = self._call(left[0], turn, slots)
            if made is not None:
                return Reply(calls=(made,), source="script")
        ending = self._automatic.ending(turn)
        return Reply(text=ending.text, calls=ending.calls, source="script")

    def _journey(self, messages: list[str]) -> tuple[tuple[_Step, ...], dict[str, str]] | None:
        """The steps of the journey that the messages belong to, and the values of all slots.

        The first message decides: a follow-up may be in several journeys.
        """
        possible: list[int] = []
        slots: dict[str, str] = {}
        for text in messages:
            found = dict(self._messages.find(text))
            kept = [each for each in possible if each in found] if possible else list(found)
            possible = kept or possible
            if possible and possible[0] in found:
                slots |= found[possible[0]]
        steps = self._calls[possible[0]] if possible else None
        return None if steps is None else (steps, slots)

    def _call(self, step: _Step, turn: Turn, slots: Mapping[str, str]) -> ToolCall | None:
        tool = declared(turn.call, step.tool)
        if tool is None:
            # Another agent of the team may have the tool.
            return self._automatic.transfer(turn)
        given = {key: each for key, each in _filled(step.args, slots).items() if each is not None}
        made = called(tool, turn)
        if made is None:
            return ToolCall(tool.name, given) if given or not tool.schema else None
        if step.tool == TRANSFER and turn.transferred:
            return None
        return ToolCall(tool.name, {**made.args, **given})


def _left(steps: tuple[_Step, ...], done: list[str]) -> list[_Step]:
    """The steps that have no call yet in this turn."""
    rest, left = list(done), []
    for step in steps:
        if step.tool in rest:
            rest.remove(step.tool)
        else:
            left.append(step)
    return left


def _filled(value: Any, slots: Mapping[str, str]) -> Any:
    """The value with `{slot}` filled in; None for a text with a slot that no message named."""
    if isinstance(value, dict):
        return {key: _filled(each, slots) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, slots) for each in value]
    if not isinstance(value, str):
        return value
    if any(name not in slots for name in _SLOT.findall(value)):
        return None
    return _SLOT.sub(lambda found: slots[found[1]], value)
