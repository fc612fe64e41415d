"""A bearer token that the harness's keeper refreshes for all processes of a run.

The keeper (`harness.run.load.token_keeper`) listens on a Unix socket, so that no token is in a
file.  A request is one line of JSON, `{"refused": SERIAL}` or `{"refused": null}`; so is the
answer: `{"token": …, "serial": …, "seconds": …}`, or an `error` instead of the token.  After so
many `seconds` the keeper is asked again.
"""

from __future__ import annotations

import json
import time
from typing import Any

import gevent
from gevent import socket
from gevent.lock import Semaphore

SOCKET_VARIABLE = "DIYA_TOKEN_SOCKET"
"""The variable with the path of the keeper's socket."""
_ASK_S = 40.0
"""The longest wait for the keeper: longer than its command may take."""
_AGAIN_S = 5.0
"""Seconds until a keeper that did not answer is asked again."""


class KeptToken:
    """The keeper's token in one process; made for many greenlets at once."""

    def __init__(self, path: str) -> None:
        """Asks the keeper at the socket `path`.  Raises ValueError when it has no token."""
        self._path = path
        self._lock = Semaphore()
        self._asking = False
        self.serial = 0
        self._value, self._before = "", ""
        self._until = 0.0
        """`time.monotonic` at which the keeper is asked for a newer token."""
        if (problem := self._ask(None, _ASK_S)) is not None:
            raise ValueError(f"token command: {problem}")

    @property
    def known(self) -> tuple[str, ...]:
        """As `Token.known`."""
        return self._value, self._before

    def value(self) -> str:
        """As `Token.value`; a token that ends soon is renewed meanwhile."""
        if time.monotonic() >= self._until and not self._asking:
            self._asking = True
            gevent.spawn(self._renew)
        return self._value

    def renewed(self, refused: int, timeout: float) -> bool:
        """As `Token.renewed`; one greenlet asks for all."""
        until = time.monotonic() + timeout
        if self.serial == refused and self._lock.acquire(timeout=max(0.0, timeout)):
            try:
                left = until - time.monotonic()
                if self.serial == refused and left > 0:
                    self._ask(refused, left)
            finally:
                self._lock.release()
        return self.serial != refused

    def _renew(self) -> None:
        try:
            with self._lock:
                if time.monotonic() >= self._until:
                    self._ask(None, _ASK_S)
        finally:
            self._asking = False

    def _ask(self, refused: int | None, timeout: float) -> str | None:
        """Take the keeper's token; why there is none, or None."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
                sock.settimeout(timeout)
                sock.connect(self._path)
                sock.sendall(json.dumps({"refused": refused}).encode() + b"\n")
                with sock.makefile("rb") as answers:
                    answer: dict[str, Any] = json.loads(answers.readline())
        except (OSError, ValueError) as error:
            self._until = time.monotonic() + _AGAIN_S
            return f"its keeper does not answer: {error}"
        self._until = time.monotonic() + answer["seconds"]
        if (token := answer.get("token")) is None:
            return str(answer["error"])
        if answer["serial"] != self.serial:
            self._before = self._value
        self._value, self.serial = token, answer["serial"]
        return None
