"""Redis's answers (protocol version 2) as they come from the socket, in pieces of any size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_END = b"\r\n"


class Answers:
    """Turns bytes into answers: int, bytes, list, None, or an exception, which is not raised.

    redis-py's parser in Python awaits twice for every element of an answer; this one never does.
    """

    def __init__(self, error: Callable[[str], Exception]) -> None:
        """`error` makes an exception of what a server says after a minus sign."""
        self._error = error
        self._buffer = b""
        self._open: list[tuple[list[Any], int]] = []
        """Lists that are not complete yet, outermost first, and how many items each will have."""

    def feed(self, data: bytes) -> list[Any]:
        """The answers that are complete with this piece.

        Raises ValueError for what no server says.
        """
        buffer = self._buffer + data if self._buffer else data
        answers: list[Any] = []
        at = 0
        while (end := buffer.find(_END, at)) >= 0:
            kind, after = buffer[at], end + 2
            value: Any
            if kind == 36:  # $: so many bytes
                size = int(buffer[at + 1 : end])
                if size < 0:
                    value = None
                elif len(buffer) < after + size + 2:
                    break
                else:
                    value = buffer[after : after + size]
                    after += size + 2
            elif kind == 58:  # :
                value = int(buffer[at + 1 : end])
            elif kind == 42:  # *: so many items
                count = int(buffer[at + 1 : end])
                if count > 0:
                    self._open.append(([], count))
                    at = after
                    continue
                value = [] if count == 0 else None
            elif kind == 43:  # +
                value = buffer[at + 1 : end]
            elif kind == 45:  # -
                value = self._error(buffer[at + 1 : end].decode(errors="replace"))
            else:
                raise ValueError(f"a Redis answer begins with {buffer[at : at + 1]!r}")
            at = after
            while self._open:
                items, count = self._open[-1]
                items.append(value)
                if len(items) < count:
                    break
                value = items
                self._open.pop()
            else:
                answers.append(value)
        self._buffer = buffer[at:]
        return answers
