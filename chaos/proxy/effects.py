"""The effect of each type of toxic on a stream of bytes."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping

from chaos.proxy.stages import End, Piece, Stage, Step
from chaos.proxy.toxics import Toxic


class Noop(Stage):
    """Changes nothing."""

    def steps(self, came: float, piece: Piece) -> Iterator[Step]:
        """Every piece goes on at once."""
        yield came, piece


class Latency(Stage):
    """Each piece goes on after the latency, or once all pieces before it have gone on."""

    def steps(self, came: float, piece: Piece) -> Iterator[Step]:
        """The end is not delayed by itself, as with Toxiproxy."""
        if isinstance(piece, bytes):
            jitter = self.toxic.attributes["jitter"]
            came += (self.toxic.attributes["latency"] + random.randint(-jitter, jitter)) / 1000
        yield came, piece


class Bandwidth(Stage):
    """Each piece occupies the line for its size at this rate, a tenth of a second at a time.

    The time when it is free follows from the sizes alone: timers that are late, or too coarse for
    small pieces, do not change the rate.
    """

    _free = 0.0

    def start(self) -> None:
        """The line is free from now on."""
        self._free = time.monotonic()

    def steps(self, came: float, piece: Piece) -> Iterator[Step]:
        """A rate of 0 means no limit."""
        rate = self.toxic.attributes["rate"] * 1000
        if isinstance(piece, End) or rate == 0:
            yield came, piece
            return
        size = rate // 10
        for begin in range(0, len(piece), size):
            part = piece[begin : begin + size]
            self._free = max(self._free, came) + len(part) / rate
            yield self._free, part


class Slicer(Stage):
    """Cuts pieces into parts, which are written one by one."""

    _free = 0.0

    def start(self) -> None:
        """The first part goes on at once."""
        self._free = time.monotonic()

    def steps(self, came: float, piece: Piece) -> Iterator[Step]:
        """A size of 0 means no cutting."""
        values = self.toxic.attributes
        if isinstance(piece, End) or values["average_size"] == 0:
            yield came, piece
            return
        begin = 0
        while begin < len(piece):
            spread = random.randint(-values["size_variation"], values["size_variation"])
            part = piece[begin : begin + max(1, values["average_size"] + spread)]
            begin += len(part)
            due = max(self._free, came)
            # Parts passed on without a pause would be written, and arrive, as one.
            self._free = due + max(1, values["delay"]) / 1e6
            yield due, part


class SlowClose(Stage):
    """Delays the end."""

    def steps(self, came: float, piece: Piece) -> Iterator[Step]:
        """The bytes are not touched."""
        if isinstance(piece, End):
            came = time.monotonic() + self.toxic.attributes["delay"] / 1000
        yield came, piece


class Timeout(Stage):
    """Drops all bytes, and closes the connection after the timeout without a byte (0: never)."""

    def start(self) -> None:
        """The timeout begins before the first byte."""
        self.put(b"")

    def put(self, piece: Piece) -> None:
        """Every piece restarts the timeout."""
        self._clear()
        if isinstance(piece, bytes):
            self.swallowed |= piece != b""
            piece = b""
        super().put(piece)

    def steps(self, came: float, piece: Piece) -> Iterator[Step]:
        """Only the end is ever passed on."""
        wait = self.toxic.attributes["timeout"] / 1000
        if isinstance(piece, End):
            yield came, piece
        elif wait > 0:
            yield time.monotonic() + wait, End.CLOSE


class ResetPeer(Stage):
    """Resets the connection a while after the first piece, even if it is only an end."""

    def steps(self, came: float, piece: Piece) -> Iterator[Step]:
        """Nothing else is passed on."""
        yield time.monotonic() + self.toxic.attributes["timeout"] / 1000, End.RESET


class LimitData(Stage):
    """Closes the connection after a number of bytes."""

    _passed = 0

    def steps(self, came: float, piece: Piece) -> Iterator[Step]:
        """Bytes beyond the limit are lost."""
        if isinstance(piece, End):
            yield came, piece
            return
        left = max(0, self.toxic.attributes["bytes"] - self._passed)
        self._passed += min(left, len(piece))
        if left > 0:
            yield came, piece[:left]
        if len(piece) >= left:
            yield came, End.CLOSE


_STAGES: Mapping[str, type[Stage]] = {
    "noop": Noop,
    "latency": Latency,
    "bandwidth": Bandwidth,
    "slow_close": SlowClose,
    "timeout": Timeout,
    "reset_peer": ResetPeer,
    "slicer": Slicer,
    "limit_data": LimitData,
}


def stage(toxic: Toxic, moved: Callable[[], None]) -> Stage:
    """The stage that applies this toxic."""
    return _STAGES[toxic.type](toxic, moved)
