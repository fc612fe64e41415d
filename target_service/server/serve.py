"""uvicorn with a drain: SIGTERM first makes it unready, then stops listening, then ends it."""

from __future__ import annotations

import asyncio
import signal
from types import FrameType

import uvicorn

from target_service import adk_patches
from target_service.server import app as service
from target_service.server.middleware import Health
from target_service.settings import Settings

_KEEP_ALIVE_S = 75
_FINISH_TURNS_S = 20
"""Turns still running at the end of the drain are cut off after this long."""


class DrainingServer(uvicorn.Server):
    """Keeps serving for `drain_s` after the first SIGTERM, with readiness false.

    The load balancer needs that time to notice; otherwise requests already on their way would find
    a closed port.  A second signal ends the drain, and a third one cuts off running turns.
    """

    def __init__(self, config: uvicorn.Config, health: Health, drain_s: float) -> None:
        super().__init__(config)
        self._health = health
        self._drain_s = drain_s

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain on SIGTERM; stop without a drain on any other signal.

        uvicorn's own handler would raise the signal again at the end, but a replica that has
        drained must exit with 0.
        """
        if sig == signal.SIGTERM and self._health.ready:
            self._health.ready = False
            loop = asyncio.get_running_loop()
            loop.call_soon_threadsafe(loop.call_later, self._drain_s, self._stop)
        elif self.should_exit:
            self.force_exit = True
        else:
            self._stop()

    def _stop(self) -> None:
        self.should_exit = True


def serve(config: Settings, host: str, port: int) -> None:
    """Serve until a signal arrives.  Raises SettingsError before it listens."""
    health = Health()
    app = service.create(config, health)
    if config.patch_adk:
        adk_patches.apply()
    server = DrainingServer(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_FINISH_TURNS_S,
        ),
        health,
        config.drain_s,
    )
    server.run()
