"""How long this replica's turns waited for the scripted model, for `/metrics`."""

from __future__ import annotations

import time
from collections.abc import Awaitable


class ModelTime:
    """Since the start of the process."""

    def __init__(self) -> None:
        self.calls = 0
        self.seconds = 0.0

    async def spend(self, pause: Awaitable[None]) -> None:
        """Wait for the model, and count how long."""
        began = time.monotonic()
        try:
            await pause
        finally:
            self.seconds += time.monotonic() - began


SPENT = ModelTime()
"""A model is made for each agent, and their time is one replica's."""
