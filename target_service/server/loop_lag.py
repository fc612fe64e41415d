"""The lag of the event loop: how long one turn's computation delays all other turns."""

from __future__ import annotations

import asyncio
from collections import deque

_TICK_S = 0.2
_REMEMBERED = 25
"""Ticks: about five seconds, so that a scrape every five seconds misses nothing."""


class LoopLag:
    """Sleeps for a fifth of a second in a loop, and records how late it wakes up."""

    def __init__(self) -> None:
        self._lags: deque[float] = deque(maxlen=_REMEMBERED)
        self._due: float | None = None

    async def watch(self) -> None:
        """Never ends by itself."""
        now = asyncio.get_running_loop().time
        while True:
            self._due = now() + _TICK_S
            await asyncio.sleep(_TICK_S)
            self._lags.append(max(0.0, now() - self._due))

    def worst(self) -> float:
        """The largest lag of the last seconds, a lag in progress included; seconds."""
        late = 0.0 if self._due is None else asyncio.get_running_loop().time() - self._due
        return max(0.0, late, max(self._lags, default=0.0))
