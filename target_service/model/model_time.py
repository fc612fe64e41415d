"""The time that this replica's turns waited for the scripted model, for `/metrics`."""

from __future__ import annotations

import time
from collections.abc import Awaitable


class ModelTime:
    """Since the start of the process."""

    def __init__(self) -> None:
        self.calls = 0
        self.seconds = 0.0

    async def spend(self, pause: Awaitable[None]) -> None:
        """Wait, and add the time to the count."""
        began = time.monotonic()
        try:
            await pause
        finally:
            self.seconds += time.monotonic() - began


SPENT = ModelTime()
"""One count for the replica, because each agent has its own model."""
