"""Caches users whose entry in the app's set is fresh, which saves one write a turn."""

from __future__ import annotations

import time
from collections import OrderedDict

from target_service.sessions.keys import SessionId

_LIMIT = 10_000


class Recent:
    """The users added in the last `seconds`, at most 10,000; dropping one is harmless."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: OrderedDict[tuple[str, str], float] = OrderedDict()

    def __contains__(self, name: SessionId) -> bool:
        return self._until.get((name.app, name.user), 0.0) > time.monotonic()

    def add(self, name: SessionId) -> None:
        """Add a user, unless it is there already."""
        if name in self:
            return
        self._until.pop((name.app, name.user), None)
        self._until[name.app, name.user] = time.monotonic() + self._seconds
        if len(self._until) > _LIMIT:
            self._until.popitem(last=False)
