"""Unpacks compressed responses, which some servers send although they are asked not to."""

from __future__ import annotations

import zlib
from collections.abc import Callable

_KINDS = frozenset({"gzip", "x-gzip", "deflate"})
_EITHER_HEAD = 47
"""zlib's number for: the head of gzip or of zlib, whichever comes."""


class Packed(Exception):
    """A response that cannot be unpacked; the text says why."""


class Unpacker:
    """Unpacks the body of one response."""

    def __init__(self, coding: str) -> None:
        """`coding`: the value of the header `content-encoding`.  Raises Packed for another kind."""
        if coding.strip().lower() not in _KINDS:
            raise Packed(f"the response is compressed as '{coding[:40]}', must be plain or gzip")
        self._inflate = zlib.decompressobj(_EITHER_HEAD)
        self._rest = b""

    def unpacked(self, data: bytes) -> bytes:
        """The next bytes of the body.  Raises Packed."""
        try:
            return self._inflate.decompress(data)
        except zlib.error as error:
            raise Packed(f"the compressed response is broken: {error}") from None

    def lines(self, on_line: Callable[[bytes], None]) -> Callable[[bytes], None]:
        """Takes the next bytes of the body, and gives their lines to `on_line`; see `end`."""

        def take(data: bytes) -> None:
            *whole, self._rest = (self._rest + self.unpacked(data)).split(b"\n")
            for line in whole:
                on_line(line + b"\n")

        return take

    def end(self, on_line: Callable[[bytes], None]) -> None:
        """Give `on_line` a last line without its end."""
        if self._rest:
            on_line(self._rest)
