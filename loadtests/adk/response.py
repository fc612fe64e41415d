"""One response, read from a connection by the parser of geventhttpclient.

The parser calls the `_on_…` methods.  The classes of geventhttpclient for the same purpose do more
than a load generator needs, at every header and request.
"""

from __future__ import annotations

import errno
from typing import Any, Protocol

from geventhttpclient._parser import HTTPParseError, HTTPResponseParser
from geventhttpclient.response import HTTPConnectionClosed, HTTPProtocolViolationError

BLOCK_SIZE = 16 * 1024
Headers = dict[str, str | list[str]]
"""Name in lower case → value; a list for a header that came several times."""
_FIRST_FINAL_STATUS = 200
"""A response with a smaller status announces another one on the same connection."""


class Pool(Protocol):
    """Where the connection comes from."""

    def wait(self, sock: Any) -> None:
        """Wait until the answer begins to arrive."""

    def return_socket(self, sock: Any) -> None:
        """Take back a connection that may be used again."""

    def release_socket(self, sock: Any) -> None:
        """Take back a connection that cannot be used again."""


class Response(HTTPResponseParser):
    """A response whose head has arrived; its connection goes back as soon as all has arrived.

    Not for the answer to a HEAD request, whose length is that of a body that does not come.
    """

    __slots__ = (
        "_begun",
        "_body",
        "_head_complete",
        "_name",
        "_pool",
        "_sock",
        "_value",
        "complete",
        "headers",
    )

    def __init__(self, sock: Any, pool: Pool) -> None:
        """Read the head.

        Raises OSError, HTTPConnectionClosed when nothing came, and HTTPParseError; then the
        connection has been given back.
        """
        super().__init__()
        self._sock, self._pool = sock, pool
        self._begun = self._head_complete = False
        self.complete = False
        """The whole response has arrived."""
        self.headers: Headers = {}
        self._name = ""
        self._value: str | None = None
        self._body = bytearray()
        try:
            self._read_head(sock)
        except BaseException:
            self.release()
            raise

    def _read_head(self, sock: Any) -> None:
        self._pool.wait(sock)
        anything = False
        while not self._head_complete or self.get_code() < _FIRST_FINAL_STATUS:
            if self._sock is None:
                raise HTTPParseError("another response follows that nobody asked for")
            try:
                data = sock.recv(BLOCK_SIZE)
            except OSError as error:
                if error.errno == errno.ECONNRESET and not anything:
                    raise HTTPConnectionClosed("connection closed.") from None
                raise
            self.feed(data)
            if not data:
                if not anything:
                    raise HTTPConnectionClosed("connection closed.")
                where = "after interim response" if self._head_complete else "before end of headers"
                raise HTTPParseError(f"connection closed {where}")
            anything = True

    def readline(self) -> bytes:
        """The next line of the body as soon as it is there; empty: only `read` has more.

        Raises OSError and HTTPParseError.
        """
        searched = 0
        while True:
            end = self._body.find(b"\n", searched)
            if end >= 0:
                line = bytes(self._body[: end + 1])
                del self._body[: end + 1]
                return line
            if self.complete:
                return b""
            searched = len(self._body)
            self._read_on()

    def read(self) -> bytes:
        """All the rest of the body.  Raises OSError and HTTPParseError."""
        while not self.complete and self._sock is not None:
            self._read_on()
        rest = bytes(self._body)
        self._body.clear()
        return rest

    def _read_on(self) -> None:
        if self._sock is None:
            raise HTTPConnectionClosed("connection closed.")
        try:
            self.feed(self._sock.recv(BLOCK_SIZE))
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Give the connection back: to be used again when all has arrived, else to be closed."""
        sock, self._sock = self._sock, None
        if sock is None:
            return
        if self.complete and not self.parser_failed() and self.should_keep_alive():
            self._pool.return_socket(sock)
        else:
            self._pool.release_socket(sock)

    def _on_message_begin(self) -> None:
        if self._begun:
            if not self.complete:
                raise HTTPProtocolViolationError("a response began before the end of another")
            self._head_complete = self.complete = False
            self.headers.clear()
            self._name, self._value = "", None
        self._begun = True

    def _on_status(self, text: str) -> None:
        """The parser insists on it; nobody needs the words."""

    def _on_header_field(self, text: str) -> None:
        if self._value is not None:
            self._keep_header()
        # A name or a value that arrives in two blocks comes in two calls.
        self._name += text

    def _on_header_value(self, text: str) -> None:
        self._value = text if self._value is None else self._value + text

    def _keep_header(self) -> None:
        name, value = self._name.lower(), self._value or ""
        self._name, self._value = "", None
        before = self.headers.get(name)
        if before is None:
            self.headers[name] = value
        elif isinstance(before, list):
            before.append(value)
        else:
            self.headers[name] = [before, value]

    def _on_headers_complete(self) -> None:
        if self._name:
            self._keep_header()
        self._head_complete = True

    def _on_body(self, data: bytearray) -> None:
        self._body += data

    def _on_message_complete(self) -> None:
        self.complete = True
        if self.get_code() >= _FIRST_FINAL_STATUS:
            self.release()
