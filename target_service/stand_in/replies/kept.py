"""The files of a recording: what a real model said, and what the tools answered.

No key, header or address is in them, and no message of a customer: of a message they hold digests
and the words with a digit.  The replies and the tools' answers are in them as they were.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from target_service.model.witness import digest
from target_service.stand_in.replies import masking
from target_service.stand_in.replies.errors import RepliesError
from target_service.stand_in.reply import Reply

_Line = TypeVar("_Line", bound=msgspec.Struct)
REPLIES = "replies.jsonl"
ANSWERS = "tools.jsonl"


class KeptCall(msgspec.Struct, frozen=True):
    """A call of a tool that the model asked for."""

    name: str
    args: dict[str, Any]


class KeptReply(msgspec.Struct, frozen=True):
    """One reply of a real model: a line of `replies.jsonl`."""

    agent: str
    message: str
    """The digest of the customer's last message."""
    masked: str
    """The digest of the same without its words with a digit."""
    chain: str
    """The digest of all messages so far."""
    masked_chain: str
    tokens: list[str]
    """The words with a digit of all messages."""
    step: str
    """The agent's calls, results and texts since the message: `CR`."""
    text: str
    calls: list[KeptCall]
    first_token_s: float
    whole_s: float
    thought: str = ""

    @property
    def size(self) -> int:
        """The characters of the reply."""
        return len(self.text) + sum(len(msgspec.json.encode(each)) for each in self.calls)


class KeptAnswer(msgspec.Struct, frozen=True):
    """The answer of a tool: a line of `tools.jsonl`."""

    tool: str
    args: dict[str, Any]
    answer: Any


def described(
    agent: str,
    messages: Sequence[str],
    step: str,
    reply: Reply,
    first_token_s: float,
    whole_s: float,
) -> KeptReply:
    """The line for a reply."""
    hidden = [masking.masked(text) for text in messages]
    return KeptReply(
        agent=agent,
        message=digest(messages[-1]) if messages else "",
        masked=digest(hidden[-1]) if hidden else "",
        chain=masking.chain(messages),
        masked_chain=masking.chain(hidden),
        tokens=masking.tokens(messages),
        step=step,
        text=reply.text,
        calls=[KeptCall(each.name, each.args) for each in reply.calls],
        first_token_s=round(first_token_s, 4),
        whole_s=round(whole_s, 4),
        thought=reply.thought,
    )


def append(path: Path, line: msgspec.Struct) -> None:
    """Add a line to a file that only its owner may read.  Raises OSError."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
        file.write(msgspec.json.encode(line) + b"\n")


def read_replies(directory: Path) -> list[KeptReply]:
    """The replies of a recording, at least one.  Raises RepliesError."""
    found = _read(directory / REPLIES, KeptReply)
    if not found:
        raise RepliesError(f"{directory / REPLIES} must have at least one recorded reply, got none")
    return found


def read_answers(directory: Path) -> list[KeptAnswer]:
    """The tools' answers of a recording; none when no tool was called.  Raises RepliesError."""
    path = directory / ANSWERS
    return _read(path, KeptAnswer) if path.exists() else []


def _read(path: Path, kind: type[_Line]) -> list[_Line]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise RepliesError(f"cannot read the recording {path}: {error.strerror}") from None
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            found.append(msgspec.json.decode(line, type=kind))
        except msgspec.MsgspecError as error:
            raise RepliesError(f"{path} line {number}: must be a recorded line: {error}") from None
    return found
