"""Streamed replies of a replica to a synthetic customer."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import uuid
from typing import Any, Self

from chaos.errors import ChaosError
from chaos.fleet.ports import LOOPBACK

_TIMEOUT_S = 10.0
_USER = "diya-synthetic"
_QUESTION = "Where is my order ORD-58291, and when will it arrive?"


class Stream:
    """Asks over ADK's `/run_sse`, in one session; a context manager that closes the connection."""

    def __init__(self, port: int, app: str) -> None:
        """Nothing is sent.  `port` is the replica's own, on the loopback interface."""
        self._connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_TIMEOUT_S)
        self._app = app
        self._session = f"synthetic-{uuid.uuid4().hex[:12]}"
        self._opened = False
        self._response: http.client.HTTPResponse | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self) -> None:
        """Ask, and return when the reply begins.  Raises ChaosError when none does."""
        message = {"role": "user", "parts": [{"text": _QUESTION}]}
        body = {
            "appName": self._app,
            "userId": _USER,
            "sessionId": self._session,
            "newMessage": message,
            "streaming": True,
        }
        try:
            if not self._opened:
                self._post(self._path, {}).read()
                self._opened = True
            self._response = self._post("/run_sse", body)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise ChaosError(f"no streamed reply came: {type(error).__name__}: {error}") from None

    def first(self) -> None:
        """Ask, and return when the first words of the reply are there.  Raises ChaosError."""
        self.ask()
        assert self._response is not None
        try:
            while line := self._response.readline():
                if b'"partial":true' in line or line.startswith(b"data: 1"):
                    return
        except (OSError, http.client.HTTPException) as error:
            raise ChaosError(f"no streamed reply came: {type(error).__name__}: {error}") from None
        raise ChaosError("the reply was over before it could be cut")

    def came_to_its_end(self) -> bool:
        """Whether the rest came, and was complete."""
        if self._response is None:
            return False
        try:
            self._response.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()  # the next question opens another
            return False
        return True

    def hang_up(self) -> None:
        """End the wait of another thread for the reply."""
        sock = self._connection.sock
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def forget(self) -> None:
        """Delete the session.  Where that fails it expires by its TTL."""
        if not self._opened:
            return
        self._connection.close()
        with contextlib.suppress(OSError, http.client.HTTPException):
            self._connection.request("DELETE", self._path)
            self._connection.getresponse().read()

    @property
    def _path(self) -> str:
        return f"/apps/{self._app}/users/{_USER}/sessions/{self._session}"

    def _post(self, path: str, body: dict[str, Any]) -> http.client.HTTPResponse:
        headers = {"content-type": "application/json"}
        self._connection.request("POST", path, json.dumps(body), headers)
        response = self._connection.getresponse()
        if response.status >= 400:
            response.read()
            raise ChaosError(f"POST {path} was answered with {response.status}")
        return response
