"""The control of a model stand-in over HTTP: the log of its calls, and its faults.

The stand-in answers at the same address as a model does, below `/_diya/`, to callers that know its
token.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any, TypedDict
from urllib.parse import urlsplit

from chaos.errors import ChaosError

TOKEN_VARIABLE = "DIYA_MODEL_TOKEN"
"""The variable of the environment that holds the token, of the stand-in and of its user."""


_FAR = 10**17
"""After this many calls there are none."""


class Calls(TypedDict):
    """A part of the log of calls."""

    next: int
    """The number to ask with next: this many calls there were."""
    origin: float
    """Unix epoch seconds from which the times of the calls count."""
    calls: list[dict[str, Any]]
    """As lines of `model-calls.jsonl`."""


class StandInControl:
    """One stand-in, as a client of its control sees it."""

    def __init__(self, url: str, token: str, timeout: float = 5.0) -> None:
        """Nothing is sent.  `timeout` is in seconds and covers each step of an exchange."""
        self.url = url.rstrip("/")
        self._where = urlsplit(self.url)
        self._token = token
        self._timeout = timeout

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.url}>"

    def healthy(self) -> bool:
        """Whether it answers now; needs no token."""
        try:
            self.ask("GET", "health")
        except ChaosError:
            return False
        return True

    def count(self) -> int:
        """How many calls it has had.  Raises ChaosError without a usable answer."""
        return self.calls(_FAR)["next"]

    def calls(self, after: int) -> Calls:
        """The calls after that number.  Raises ChaosError without a usable answer."""
        answer = self.ask("GET", f"calls?after={after}")
        try:
            return Calls(
                next=int(answer["next"]),
                origin=float(answer.get("origin", 0.0)),
                calls=list(answer["calls"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            raise self._stranger() from None

    def unknown(self) -> list[str]:
        """The requests that no API of the stand-in has, as `POST /v1/interactions`.

        Raises ChaosError without a usable answer.
        """
        answer = self.ask("GET", "unknown")
        if not isinstance(answer, dict):
            raise self._stranger()
        return list(answer)

    def ask(self, method: str, name: str, body: Mapping[str, Any] | None = None) -> Any:
        """The JSON answer of `/_diya/<name>`; None for an empty one.  Raises ChaosError."""
        kind = (
            http.client.HTTPSConnection
            if self._where.scheme == "https"
            else http.client.HTTPConnection
        )
        connection = kind(self._where.hostname or "", self._where.port, timeout=self._timeout)
        headers = {"authorization": f"Bearer {self._token}", "content-type": "application/json"}
        try:
            connection.request(
                method,
                f"{self._where.path}/_diya/{name}",
                None if body is None else json.dumps(dict(body)),
                headers,
            )
            response = connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise ChaosError(
                f"{self.url}: the model stand-in does not answer: {type(error).__name__}"
            ) from None
        finally:
            connection.close()
        if response.status >= 300:
            raise ChaosError(
                f"{self.url}: the model stand-in answered {response.status} to /_diya/{name}"
                f"{_detail(text)}"
            )
        try:
            return json.loads(text) if text else None
        except ValueError:
            raise self._stranger() from None

    def _stranger(self) -> ChaosError:
        return ChaosError(f"{self.url}: must answer as a model stand-in of diya does")


def _detail(body: bytes) -> str:
    """The reason in the answer to a request that was refused, for the end of a sentence."""
    try:
        return f": {json.loads(body)['detail']}"
    except (ValueError, KeyError, TypeError):
        return ""
