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

from gevent import get_hub
from gevent.lock import Semaphore
from gevent.monkey import get_original
from gevent.ssl import SSLContext, create_default_context
from geventhttpclient.connectionpool import ConnectionPool, SSLConnectionPool

from loadtests.adk.access import Access

IDLE_S = 2.0
"""How long an unused connection is kept: less than the 5 s after which uvicorn closes it."""
_poll = get_original("select", "poll")
_READ = 1
"""The event "something can be read", in libev's numbers."""


class _Watch:
    """Tells whether something can be read from a connection, and waits for it."""

    __slots__ = ("_arrival", "_poll")

    def __init__(self, sock: Any) -> None:
        self._poll = _poll()
        self._poll.register(sock.fileno(), select.POLLIN)
        self._arrival = get_hub().loop.io(sock.fileno(), _READ)

    def readable(self) -> bool:
        """Whether the server has sent something, or closed the connection."""
        return bool(self._poll.poll(0))

    def wait(self) -> None:
        """Wait until there is something to read."""
        get_hub().wait(self._arrival)

    def close(self) -> None:
        """Stop watching; call it before the connection is closed."""
        self._arrival.close()


class _Kept:
    """The behaviour of both pools; safe for many greenlets."""

    def __init__(self, *args: Any, size: int, **kwargs: Any) -> None:
        super().__init__(*args, size=size, **kwargs)  # type: ignore[call-arg]
        self._room = Semaphore(size)
        self._idle: deque[tuple[Any, _Watch, float]] = deque()
        """Connection, its watch, and since when it is unused; the longest unused first."""
        self._in_use: dict[Any, _Watch] = {}
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
                sock, watch, _ = self._idle.pop()
                # Otherwise the server has closed it, or sent something on it.
                if not watch.readable():
                    break
                _close(sock, watch)
            else:
                sock = self._create_socket()  # type: ignore[attr-defined]
                watch = _Watch(sock)
            self._in_use[sock] = watch
            return sock
        except BaseException:
            self._room.release()
            raise

    def after_connect(self, sock: Any) -> None:
        """A request is one small packet: it must not wait for the next."""
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def wait(self, sock: Any) -> None:
        """Wait until the answer to a request begins to arrive on this connection.

        A read that comes before it would fail first, which costs as much as one that succeeds.
        """
        self._in_use[sock].wait()

    def return_socket(self, sock: Any) -> None:
        """Return a connection that may be used again."""
        watch = self._in_use.pop(sock)
        self._room.release()
        if self._over:
            _close(sock, watch)
        else:
            self._idle.append((sock, watch, time.monotonic()))

    def release_socket(self, sock: Any) -> None:
        """Return a connection that cannot be used again."""
        watch = self._in_use.pop(sock)
        self._room.release()
        _close(sock, watch)

    def close_idle(self, unused_s: float) -> None:
        """Close the connections unused for this many seconds."""
        before = time.monotonic() - unused_s
        while self._idle and self._idle[0][2] <= before:
            _close(*self._idle.popleft()[:2])

    def cut(self) -> int:
        """Break every connection, used ones too; returns the number of used ones."""
        while self._idle:
            _close(*self._idle.pop()[:2])
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
            _close(*self._idle.pop()[:2])


def _close(sock: Any, watch: _Watch) -> None:
    watch.close()
    sock.close()


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

    def wait(self, sock: Any) -> None:
        """Return at once: TLS may have read the answer already, and then nothing more arrives."""
