"""The address of somebody's Redis, as people paste it: read, or refused with what to give."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qsl, urlsplit

import redis

from chaos.errors import ChaosConfigError
from reports.basics.addresses import AROUND, without_password, without_secrets

_BEFORE = re.compile(
    r"(?:redis-cli|valkey-cli)\s+(?:-u|--uri)\s+|(?:export\s+)?\w+=(?=[\"']?\w+://)"
)
"""What stands before an address in a shell or in a file of settings."""
_SCHEMES = {"redis": "redis", "rediss": "rediss", "valkey": "redis", "valkeys": "rediss"}
_SECRETS = frozenset({"password", "username"})
_SEVERAL = re.compile(r"sentinel|cluster|unix|socket|srv", re.IGNORECASE)


def read(url: str) -> SplitResult:
    """The parts of a server's address, its scheme in small letters.

    Nothing is contacted.  Raises ChaosConfigError, one sentence without a password.
    """
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("redis", "rediss") and parts.hostname and parts.port != 0
    except ValueError:  # for half an IPv6 address, or an impossible port
        good = False
    # The parser drops spaces at the ends, and line ends anywhere.
    if not good or re.search(r"[\s,\"'<>]", url):
        raise ChaosConfigError(f"redis must be {_wanted(url)}, got {shown(url)!r}{meant(url)}")
    if not re.fullmatch(r"/?|/\d{1,9}", parts.path):
        raise ChaosConfigError(
            f"redis must end with the number of a database, such as /0, got {shown(url)!r}"
        )
    if parts.fragment or url.endswith("#"):
        raise ChaosConfigError(
            f"redis must hold no #, got {shown(url)!r} (in a password it is written %23)"
        )
    if _SECRETS & {name.lower() for name, _ in parse_qsl(parts.query)}:
        raise ChaosConfigError(
            f"redis must hold user and password before the @, not in its query, got {shown(url)!r}"
        )
    _check_query(parts)
    return parts


def _check_query(parts: SplitResult) -> None:
    try:
        redis.ConnectionPool.from_url(parts.geturl()).make_connection()
    except (ValueError, TypeError, redis.RedisError):
        names = ", ".join(name for name, _ in parse_qsl(parts.query, keep_blank_values=True))
        raise ChaosConfigError(
            f"redis must have a query that redis-py knows, got {shown(parts.geturl())!r} with "
            f"{names or 'none'}"
        ) from None


def shown(url: str) -> str:
    """What was given, for people to read: without password, query, and the rest of a command."""
    plain = without_secrets(url)
    words = plain.split()
    # A command line may hold a password anywhere.
    return plain if len(words) < 2 or "://" in plain else f"{words[0]} …"


def _wanted(url: str) -> str:
    wanted = "redis://[:password@]host:port/db"
    scheme = url.partition("://")[0]
    if _SEVERAL.search(scheme) or "," in without_password(url):
        return f"{wanted}, one server's own, not that of a Sentinel, a cluster or a socket"
    return wanted


def meant(url: str) -> str:
    """The address that was probably meant; empty when it is not clear."""
    bare = _BEFORE.sub("", url.strip(AROUND)).strip(AROUND)
    scheme, colon, rest = bare.partition("://")
    if not colon:
        scheme, rest = "redis", re.sub(r"(?i)^redis:?/{0,2}(?=.)", "", bare)
        if not re.search(r":\d+(/\d+)?$", rest):
            return ""
    scheme = _SCHEMES.get(scheme.lower(), "")
    try:
        parts = read(f"{scheme}://{rest}") if scheme and f"{scheme}://{rest}" != url else None
    except ChaosConfigError:
        return ""
    return "" if parts is None else f" (did you mean {shown(parts.geturl())}?)"
