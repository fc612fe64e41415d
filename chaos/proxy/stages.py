"""A stage applies one toxic to the bytes that one side of one connection sends.

It holds each piece until it is time to pass it on.  Nothing here waits inside a task: incoming
pieces and one timer drive a stage, so that it can release everything as soon as its toxic changes
or is removed.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from enum import Enum

from chaos.proxy.toxics import Toxic


class End(Enum):
    """How a stream ends, after its last byte."""

    CLOSE = "close"
    RESET = "reset"


Piece = bytes | End
Step = tuple[float, Piece]
"""The time to pass a piece on, by the monotonic clock, and the piece."""


class Stage:
    """The base of all stages; `effects` has a subclass for each type, which defines its `steps`."""

    onward: Callable[[Piece], None]
    """Receives the pieces passed on: the next stage, or the target."""
    swallowed = False
    """Whether bytes are lost from the middle of the stream: later bytes would be misread."""

    def __init__(self, toxic: Toxic, moved: Callable[[], None]) -> None:
        """`moved` is called when the timer has passed a piece on."""
        self.toxic = toxic
        self.held = 0
        """The number of bytes received and not passed on."""
        self._moved = moved
        self._inbox: deque[tuple[float, Piece]] = deque()
        self._hand: tuple[float, Piece] = (0.0, b"")
        self._sent = 0
        self._steps: Iterator[Step] | None = None
        self._next: Piece = b""
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False

    def steps(self, came: float, piece: Piece) -> Iterator[Step]:
        """How to pass on a piece that came at that time: its parts in order, or an end."""
        raise NotImplementedError

    def start(self) -> None:
        """Called when the stage has its place, or its toxic was changed."""

    def put(self, piece: Piece) -> None:
        """Receive a piece.  Pieces after an end are dropped."""
        if self._stopped:
            return
        self.held += _size(piece)
        self._inbox.append((time.monotonic(), piece))
        if self._steps is None:
            self._work()

    def renew(self) -> None:
        """The toxic was changed: the current piece goes on at once, but an end waits anew."""
        if self._steps is not None:
            self._lay_back()
            if not isinstance(self._next, End):
                self._emit(self._inbox.popleft()[1])
        self.start()
        if self._steps is None:
            self._work()

    def release(self) -> None:
        """The toxic is removed: pass on all held pieces at once."""
        if self._steps is not None:
            self._lay_back()
        while self._inbox:
            self._emit(self._inbox.popleft()[1])
        self.stop()

    def stop(self) -> None:
        """Drop all held pieces and all later ones."""
        self._stopped = True
        self._clear()

    def _clear(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._steps = None
        self._inbox.clear()
        self.held = 0

    def _lay_back(self) -> None:
        """Put the rest of the current piece back at the front of the queue."""
        if self._timer is not None:
            self._timer.cancel()
        self._steps = None
        came, piece = self._hand
        self._inbox.appendleft((came, piece if isinstance(piece, End) else piece[self._sent :]))

    def _work(self) -> None:
        """Pass pieces on until one has to wait."""
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
