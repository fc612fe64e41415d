"""Parses a Redis URI: one server, a Sentinel set or a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import SplitResult, unquote, urlsplit

_EXPECTED = {
    "redis+sentinel": "redis+sentinel://[:password@]host:port[,host:port]/name-of-primary[/db]",
    "redis+cluster": "redis+cluster://[:password@]host:port[,host:port]",
}
_PORTS = {"redis+sentinel": 26379, "redis+cluster": 6379}


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a Sentinel set or a cluster.  Its text never shows the password."""

    kind: Literal["redis+sentinel", "redis+cluster"]
    hosts: tuple[tuple[str, int], ...]
    login: dict[str, str]
    """`username` and `password`, if given."""
    primary: str = ""
    """The primary's name at the sentinels."""
    db: int = 0

    def __repr__(self) -> str:
        return f"{self.kind} at {', '.join(f'{host}:{port}' for host, port in self.hosts)}"


def parse(uri: str) -> Address | None:
    """The address of a Sentinel set or a cluster; None for a URI that redis-py parses itself.

    Raises ValueError, whose message repeats nothing of the URI, since it may hold a password.
    """
    parts = urlsplit(uri)
    if parts.scheme not in _EXPECTED:
        return None
    kind: Any = parts.scheme
    try:
        hosts = _hosts(parts.netloc.rpartition("@")[2], _PORTS[kind])
        path = [unquote(part) for part in parts.path.split("/") if part]
        db = int(path[1]) if len(path) > 1 else 0
    except ValueError:
        raise _unexpected(parts) from None
    most, least = (2, 1) if kind == "redis+sentinel" else (0, 0)
    if not hosts or not least <= len(path) <= most or db < 0 or parts.query:
        raise _unexpected(parts)
    return Address(kind, hosts, _login(parts), path[0] if path else "", db)


def _unexpected(parts: SplitResult) -> ValueError:
    return ValueError(f"a {parts.scheme} URI must be {_EXPECTED[parts.scheme]}")


def _hosts(text: str, default_port: int) -> tuple[tuple[str, int], ...]:
    found = []
    for each in text.split(","):
        one = urlsplit(f"//{each}")
        if not one.hostname:
            raise ValueError
        found.append((one.hostname, one.port or default_port))
    return tuple(found)


def _login(parts: SplitResult) -> dict[str, str]:
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    given = {"username": unquote(user), "password": unquote(password)}
    return {name: value for name, value in given.items() if value}
