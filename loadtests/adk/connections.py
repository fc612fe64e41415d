"""Keep-alive connections: few are kept while customers think, and none that the server has closed.

The pools of geventhttpclient keep every connection, check each with `select`, which supports no
descriptor above 1023, and set its options again for every request.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from gevent.lock import Semaphore
from gevent.monkey import get_original
from gevent.ssl import SSLContext, create_default_context
from geventhttpclient.connectionpool import ConnectionPool, SSLConnectionPool

from loadtests.adk.access import Access

IDLE_S = 2.0
"""How long an unused connection is kept: less than the 5 s after which uvicorn closes it."""
_poll = get_original("select", "poll")


class _Kept:
    """The behaviour of both pools; safe for many greenlets."""

    def __init__(self, *args: Any, size: int, **kwargs: Any) -> None:
        super().__init__(*args, size=size, **kwargs)  # type: ignore[call-arg]
        self._room = Semaphore(size)
        self._idle: deque[tuple[Any, Any, float]] = deque()
        """Connection, its poller, and since when it is unused; the longest unused first."""
        self._in_use: dict[Any, Any] = {}
        """The same, without the time."""
        self._over = False

    @property
    def full(self) -> bool:
        """Whether all connections are in use."""
        return bool(self._room.locked())

    def get_socket(self) -> Any:
        """An unused connection, the last used first, else a new one.

        Waits while all connections are in use.  Raises OSError when it cannot connect.
        """
        self._room.acquire()
        try:
            while self._idle:
                sock, poll, _ = self._idle.pop()
                # Otherwise the server has closed it, or sent something on it.
                if not poll.poll(0):
                    break
                sock.close()
            else:
                sock, poll = self._create_socket(), _poll()  # type: ignore[attr-defined]
                poll.register(sock.fileno(), select.POLLIN)
            self._in_use[sock] = poll
            return sock
        except BaseException:
            self._room.release()
            raise

    def after_connect(self, sock: Any) -> None:
        """A request is one small packet: it must not wait for the next."""
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def return_socket(self, sock: Any) -> None:
        """Return a connection that may be used again."""
        poll = self._in_use.pop(sock)
        self._room.release()
        if self._over:
            sock.close()
        else:
            self._idle.append((sock, poll, time.monotonic()))

    def release_socket(self, sock: Any) -> None:
        """Return a connection that cannot be used again."""
        self._in_use.pop(sock, None)
        self._room.release()
        sock.close()

    def close_idle(self, unused_s: float) -> None:
        """Close the connections unused for this many seconds."""
        before = time.monotonic() - unused_s
        while self._idle and self._idle[0][2] <= before:
            self._idle.popleft()[0].close()

    def cut(self) -> int:
        """Break every connection, used ones too; returns the number of used ones."""
        while self._idle:
            self._idle.pop()[0].close()
        for sock in self._in_use:
            # Through another descriptor, because gevent's own shutdown would wake the waiting
            # greenlets with an error that looks like a bug of the generator.
            with (
                contextlib.suppress(OSError),
                socket.socket(fileno=os.dup(sock.fileno())) as same,
            ):
                same.shutdown(socket.SHUT_RDWR)
        return len(self._in_use)

    def close(self) -> None:
        """Close all idle connections; those in use are closed when they come back."""
        self._over = True
        while self._idle:
            self._idle.pop()[0].close()


class Connections(_Kept, ConnectionPool):  # type: ignore[misc]
    """To an http service."""


def context_of(access: Access) -> Callable[..., SSLContext]:
    """A factory of TLS contexts that check the server's certificate and show the client's own.

    It raises ValueError for a client certificate or key that cannot be used.
    """

    def context(cafile: str | None = None) -> SSLContext:
        made = create_default_context(cafile=cafile)
        if access.certificate is not None:
            try:
                # Without a password, OpenSSL would ask the terminal for that of an encrypted key.
                made.load_cert_chain(access.certificate, access.key, password=lambda: "")
            except OSError as error:
                raise ValueError(
                    f"the client certificate {access.certificate} cannot be used: {error}"
                ) from None
        return made

    return context


class SecureConnections(_Kept, SSLConnectionPool):  # type: ignore[misc]
    """To an https service, whose certificate is checked."""
