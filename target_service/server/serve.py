"""uvicorn, drained with care: on SIGTERM first unready, then deaf, then done."""

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
"""Turns that run at the end of the drain get this long before they are cut."""


class DrainingServer(uvicorn.Server):
    """Serves on for `drain_s` after the first SIGTERM, while readiness says no.

    The balancer needs that time to notice; without it, requests on their way would find a closed
    door.  A second signal ends the drain, and one more cuts the turns that still run.
    """

    def __init__(self, config: uvicorn.Config, health: Health, drain_s: float) -> None:
        super().__init__(config)
        self._health = health
        self._drain_s = drain_s

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain on SIGTERM; stop without a drain on anything else.

        uvicorn's own handler would raise the signal again at the end: a replica that drained as
        it was told has not been killed, and exits with 0.
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
    """Serve until a signal comes.  Raises SettingsError before anything listens."""
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
