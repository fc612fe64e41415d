"""uvicorn for the stand-in: says when it listens, and ends at once on Ctrl-C and SIGTERM."""

from __future__ import annotations

import gc
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from target_service.stand_in.options import OptionError, address
from target_service.stand_in.server import StandIn

_KEEP_ALIVE_S = 75
_FINISH_CALLS_S = 1
"""Calls still running after the end was asked for are cut off after this long."""
_BACKLOG = 2048
_EVERY = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""An address that means every network -> the one at which this machine reaches it."""


class _Server(uvicorn.Server):
    """Calls back once it listens; a signal ends it, and the process goes on."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then call back."""
        await super().startup(sockets)
        self._listening()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End on a signal, on a second one at once.  uvicorn would raise it again at the end."""
        self.force_exit = self.should_exit
        self.should_exit = True


def listen(bind: str) -> socket.socket:
    """A socket that listens at HOST:PORT.  Raises OptionError."""
    host, port = address(bind)
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(where)
        bound.listen(_BACKLOG)
    except OSError as error:
        raise OptionError(f"--bind {bind}: must be free to listen at: {error.strerror}") from None
    return bound


def url_of(bound: socket.socket) -> str:
    """The address of a listening socket, for this machine."""
    host, port = bound.getsockname()[:2]
    host = _EVERY.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(app: StandIn, bound: socket.socket, listening: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM; `listening` is called once it answers."""
    # The imported modules live as long as the process: no collection needs to look through them.
    gc.collect()
    gc.freeze()
    try:
        server(app, listening).run(sockets=[bound])
    finally:
        app.close()


def server(app: StandIn, listening: Callable[[], None]) -> uvicorn.Server:
    """The server, which is not running yet; `should_exit` ends it."""
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        # The application reports its own errors; uvicorn would report each reply that is cut.
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_FINISH_CALLS_S,
    )
    return _Server(config, listening)
