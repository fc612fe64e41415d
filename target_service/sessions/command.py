"""Commands as data, gathered into batches that one slot, and so one connection, answers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, NamedTuple

Word = str | bytes | int | float


class Command(NamedTuple):
    """One command.  Every command here may be sent twice and counts once."""

    words: tuple[Word, ...]
    """The whole command, or for a script what follows its text or hash."""
    script: Script | None = None

    def wire(self, *, in_full: bool = False) -> bytes:
        """What to send; `in_full` with the text of the script, for a server that lacks it."""
        if self.script is None:
            return packed(self.words)
        if in_full:
            return packed(("EVAL", self.script.text, *self.words))
        return packed(self.words, self.script.call)


@dataclass(frozen=True, slots=True)
class Script:
    """A Lua script."""

    text: str
    call: bytes
    """The words that call it by its hash, as they are sent."""

    def __call__(self, keys: Sequence[str], arguments: Sequence[Word]) -> Command:
        """The command that runs it."""
        return Command((len(keys), *keys, *arguments), self)


def packed(words: Sequence[Word], two_before: bytes = b"") -> bytes:
    """One command in Redis's protocol: redis-py does the same in twice the time.

    `two_before` are two words that stand before the others, as they are sent.
    """
    out = [b"*%d\r\n" % (len(words) + (2 if two_before else 0)), two_before]
    for word in words:
        data = word if isinstance(word, bytes) else str(word).encode()
        out.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(out)


def load(name: str) -> Script:
    """The script of this name in `lua/`, with what all scripts share."""
    lua = files("target_service.sessions") / "lua"
    text = (lua / "common.lua").read_text() + (lua / f"{name}.lua").read_text()
    sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    return Script(text, b"$7\r\nEVALSHA\r\n$40\r\n%b\r\n" % sha.encode())


class Batch(NamedTuple):
    """Commands on keys of one slot, sent together over one connection, answered in order."""

    key: str
    """Any key of the slot."""
    commands: tuple[Command, ...]
    instead: list[Any] | None = None
    """The answers to go on with when a cluster's node for this slot does not answer soon, and the
    nodes for the other batches do; None: there is no going on without.
    """
