"""How requests get in at a target: further headers, a bearer token, a client certificate.

Header values and tokens are in no file: they come from the environment, or from the harness's
keeper of tokens (`loadtests.adk.kept_token`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

REPLICA_HEADER = "x-diya-replica"
"""The response header by which diya's own service names the replica that answers."""
_HIDDEN = "..."
_SHORTEST = 8
"""Characters: a shorter value may be a part of an ordinary word."""


class Token(Protocol):
    """The bearer token of all requests of one process."""

    @property
    def serial(self) -> int:
        """Counts the tokens: another number, another token."""

    @property
    def known(self) -> tuple[str, ...]:
        """The present token, and the one before it, which answers may still repeat."""

    def value(self) -> str:
        """The token for the next request; returns at once."""

    def renewed(self, refused: int, timeout: float) -> bool:
        """Whether there is another token than the one with this serial, which was refused.

        Waits for it at most `timeout` seconds.
        """


@dataclass(frozen=True, slots=True)
class FixedToken:
    """A token that stays the same for the whole run."""

    token: str = field(repr=False)
    serial: int = 0

    @property
    def known(self) -> tuple[str, ...]:
        """As `Token.known`."""
        return (self.token,)

    def value(self) -> str:
        """As `Token.value`."""
        return self.token

    def renewed(self, refused: int, timeout: float) -> bool:
        """There is no other token."""
        return False


@dataclass(frozen=True, slots=True)
class Access:
    """How the requests of one process get in."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Name → value; a `Host` takes the place of the address's own."""
    token: Token | None = field(default=None, repr=False)
    certificate: Path | None = None
    """The client's certificate, PEM; its key is in `key`, or in the same file."""
    key: Path | None = None
    replica_header: str = REPLICA_HEADER
    """The response header that names the replica, in lower case."""

    def host(self) -> str | None:
        """The `Host` header; None: that of the address."""
        return next((each for name, each in self.headers.items() if name.lower() == "host"), None)

    @property
    def secrets(self) -> list[str]:
        """The values by which requests get in, and their words; the longest first.

        A shorter one may be a part of a longer one, and would leave the rest.
        """
        values = [value for name, value in self.headers.items() if name.lower() != "host"]
        if self.token is not None:
            values += self.token.known
        words = {word for value in values for word in (value, *value.split())}
        return sorted((each for each in words if len(each) >= _SHORTEST), key=len, reverse=True)

    def without_secrets(self, body: bytes) -> bytes:
        """The body of an error, without the values by which requests get in.

        Errors are recorded in part, so that a value may be cut, and not be found afterwards.
        """
        for each in self.secrets:
            body = body.replace(each.encode("latin-1"), _HIDDEN.encode())
        return body

    def hidden(self, error: str) -> str:
        """The text of an error without these values, also where one was cut off at its end."""
        for each in self.secrets:
            error = error.replace(each, _HIDDEN)
            for length in range(len(each) - 1, _SHORTEST - 1, -1):
                if error.endswith(each[:length]):
                    error = error[:-length] + _HIDDEN
        return error


NONE = Access()
"""Nothing is needed to get in."""
