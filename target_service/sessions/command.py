"""Commands as data, in batches for one slot and so for one connection."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, NamedTuple

Word = str | bytes | int | float


class Command(NamedTuple):
    """One command.  Every command here is idempotent: it may be sent twice."""

    words: tuple[Word, ...]
    """The whole command; for a script the arguments after its text or hash."""
    script: Script | None = None

    def wire(self, *, in_full: bool = False) -> bytes:
        """The bytes to send; `in_full`: with the script's text, for a server that lacks it."""
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
    """The packed words that call it by its hash."""

    def __call__(self, keys: Sequence[str], arguments: Sequence[Word]) -> Command:
        """A command that runs the script."""
        return Command((len(keys), *keys, *arguments), self)


def packed(words: Sequence[Word], two_before: bytes = b"") -> bytes:
    """One command in Redis's protocol, in half of redis-py's time.

    `two_before` are two packed words to put before the others.
    """
    out = [b"*%d\r\n" % (len(words) + (2 if two_before else 0)), two_before]
    for word in words:
        data = word if isinstance(word, bytes) else str(word).encode()
        out.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(out)


def load(name: str) -> Script:
    """The script of this name in `lua/`, preceded by `common.lua`."""
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
    """Substitute answers, for when this slot's node in a cluster does not answer soon and the nodes
    for the other batches do; None: the call needs the node's answer.
    """
