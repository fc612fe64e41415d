"""A stage is one toxic at work on what one side of one connection sends.

It holds what comes until it is time to pass it on.  Nothing here waits inside a task: a stage is
moved by what comes and by one timer, so that it can let go of everything the moment that its toxic
changes or leaves.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from enum import Enum

from chaos.proxy.toxics import Toxic


class End(Enum):
    """What comes after the last byte."""

    CLOSE = "close"
    RESET = "reset"


Piece = bytes | End
Step = tuple[float, Piece]
"""When something goes on, by the monotonic clock, and what."""


class Stage:
    """What all have in common: `effects` has one for each type, which says what its `steps` are."""

    onward: Callable[[Piece], None]
    """Where pieces go: to the next stage, or out."""
    swallowed = False
    """Whether bytes are lost from the middle of the stream: what follows them would be misread."""

    def __init__(self, toxic: Toxic, moved: Callable[[], None]) -> None:
        """`moved` is called when something has gone on by itself."""
        self.toxic = toxic
        self.held = 0
        """So many bytes have come and not gone on."""
        self._moved = moved
        self._inbox: deque[tuple[float, Piece]] = deque()
        self._hand: tuple[float, Piece] = (0.0, b"")
        self._sent = 0
        self._steps: Iterator[Step] | None = None
        self._next: Piece = b""
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False

    def steps(self, came: float, piece: Piece) -> Iterator[Step]:
        """What becomes of a piece that came at that time: its parts in order, or an end."""
        raise NotImplementedError

    def start(self) -> None:
        """It has its place, or its toxic was changed."""

    def put(self, piece: Piece) -> None:
        """Something comes.  What comes after an end goes nowhere."""
        if self._stopped:
            return
        self.held += _size(piece)
        self._inbox.append((time.monotonic(), piece))
        if self._steps is None:
            self._work()

    def renew(self) -> None:
        """The toxic was changed: what is in hand goes on at once, except that an end waits anew."""
        if self._steps is not None:
            self._lay_back()
            if not isinstance(self._next, End):
                self._emit(self._inbox.popleft()[1])
        self.start()
        if self._steps is None:
            self._work()

    def release(self) -> None:
        """The toxic is gone: all that is held goes on at once."""
        if self._steps is not None:
            self._lay_back()
        while self._inbox:
            self._emit(self._inbox.popleft()[1])
        self.stop()

    def stop(self) -> None:
        """Whatever is held goes nowhere, nor does what still comes."""
        self._stopped = True
        self._clear()

    def _clear(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._steps = None
        self._inbox.clear()
        self.held = 0

    def _lay_back(self) -> None:
        """What of the piece in hand has not gone on is the first that waits again."""
        if self._timer is not None:
            self._timer.cancel()
        self._steps = None
        came, piece = self._hand
        self._inbox.appendleft((came, piece if isinstance(piece, End) else piece[self._sent :]))

    def _work(self) -> None:
        """Go on until there is something to wait for."""
        while not self._stopped:
            if self._steps is None:
                if not self._inbox:
                    return
                self._hand, self._sent = self._inbox.popleft(), 0
                self._steps = self.steps(*self._hand)
            step = next(self._steps, None)
            if step is None:
                self._steps = None
                continue
            due, self._next = step
            if due > self._hand[0]:
                wait = max(0.0, due - time.monotonic())
                self._timer = asyncio.get_running_loop().call_later(wait, self._go_on)
                return
            self._emit(self._next)

    def _go_on(self) -> None:
        self._emit(self._next)
        self._work()
        self._moved()

    def _emit(self, piece: Piece) -> None:
        if isinstance(piece, End):
            self.stop()
        self._sent += _size(piece)
        self.held -= _size(piece)
        if piece != b"":
            self.onward(piece)


def _size(piece: Piece) -> int:
    return len(piece) if isinstance(piece, bytes) else 0
