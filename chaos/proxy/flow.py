"""The bytes that one side of a connection sends, on their way through the stages to the other."""

from __future__ import annotations

import asyncio
from bisect import insort
from collections.abc import Callable, Iterable

from chaos.proxy.effects import stage
from chaos.proxy.stages import End, Piece, Stage
from chaos.proxy.toxics import Toxic

MOST_BYTES = 1 << 20
"""With this many on their way nothing more is read.  It also bounds the rate of a link under
latency: at 100 ms ten times as many a second."""


class Flow:
    """The stages in the order of their toxics, between two transports."""

    def __init__(
        self,
        source: asyncio.Transport,
        target: asyncio.Transport,
        close: Callable[[End], None],
        toxics: Iterable[Toxic],
    ) -> None:
        """`close` is called when the end has passed all stages."""
        self.target = target
        self.stages: list[Stage] = []
        self._source, self._close = source, close
        self._full = self._paused = False
        for toxic in toxics:
            self.place(toxic)

    def put(self, piece: Piece) -> None:
        """The source has sent something, or has ended."""
        self._first()(piece)
        self._weigh()

    def fill(self, full: bool) -> None:
        """The target cannot take more for now, or can again."""
        self._full = full
        self._weigh()

    def place(self, toxic: Toxic) -> None:
        """Add a toxic: it gets its stage, if it strikes."""
        if toxic.strikes():
            self._insert(toxic)

    def update(self, toxic: Toxic) -> None:
        """Change a toxic: as with Toxiproxy, chance decides anew whether it strikes."""
        old, strikes = self._stage(toxic), toxic.strikes()
        if old is None:
            if strikes:
                self._insert(toxic)
        elif strikes:
            old.renew()
        elif old.swallowed:
            self._close(End.CLOSE)
        else:
            self._take_out(old)
        self._weigh()

    def remove(self, toxic: Toxic) -> None:
        """Remove a toxic.  If it swallows bytes the connection is closed: the stream has a gap."""
        old = self._stage(toxic)
        if old is not None and toxic.type == "timeout":
            self._close(End.CLOSE)
        elif old is not None:
            self._take_out(old)
        self._weigh()

    def stop(self) -> None:
        """Drop all bytes on their way."""
        for each in self.stages:
            each.stop()

    def _stage(self, toxic: Toxic) -> Stage | None:
        return next((each for each in self.stages if each.toxic is toxic), None)

    def _insert(self, toxic: Toxic) -> None:
        new = stage(toxic, self._weigh)
        insort(self.stages, new, key=lambda each: each.toxic.number)
        self._connect()
        new.start()

    def _take_out(self, old: Stage) -> None:
        # Before it is removed, so that its held pieces come before all later ones.
        old.release()
        self.stages.remove(old)
        self._connect()

    def _connect(self) -> None:
        for each, following in zip(self.stages, self.stages[1:], strict=False):
            each.onward = following.put
        if self.stages:
            self.stages[-1].onward = self._deliver

    def _first(self) -> Callable[[Piece], None]:
        return self.stages[0].put if self.stages else self._deliver

    def _deliver(self, piece: Piece) -> None:
        if isinstance(piece, End):
            self._close(piece)
        elif not self.target.is_closing():
            self.target.write(piece)

    def _weigh(self) -> None:
        """Pause or resume reading by the number of bytes on their way."""
        limit = MOST_BYTES // 2 if self._paused else MOST_BYTES
        pause = self._full or sum(each.held for each in self.stages) > limit
        if pause != self._paused and not self._source.is_closing():
            self._paused = pause
            if pause:
                self._source.pause_reading()
            else:
                self._source.resume_reading()
