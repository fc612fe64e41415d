"""One query to a PostgreSQL, for probes and samples: nothing is kept open, nothing is repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from chaos.errors import ChaosError

SCHEMES = ("postgresql", "postgres")
_UNDERSTOOD = frozenset({"sslmode", "host", "port", "user", "database", "dbname", "sslrootcert"})
"""The parameters of a URI that asyncpg takes as SQLAlchemy's drivers do."""


def is_postgres(url: str) -> bool:
    """Whether it is the address of a PostgreSQL, with or without a driver of SQLAlchemy."""
    return url.partition("://")[0].partition("+")[0] in SCHEMES


def row(url: str, query: str, timeout: float) -> Mapping[str, Any]:
    """The first row of the answer.

    Raises ChaosError, without the address, when there is none within `timeout` seconds or when the
    package asyncpg is missing.
    """
    try:
        import asyncpg
    except ImportError:
        raise ChaosError("the package asyncpg must be installed to ask PostgreSQL") from None

    async def ask() -> Mapping[str, Any]:
        connection = await asyncpg.connect(_plain(url), timeout=timeout)
        try:
            found: Mapping[str, Any] = await connection.fetchrow(query, timeout=timeout)
            return found
        finally:
            connection.terminate()

    try:
        return asyncio.run(asyncio.wait_for(ask(), timeout))
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as e:
        raise ChaosError(f"PostgreSQL does not answer: {type(e).__name__}") from None


def _plain(url: str) -> str:
    """The address without the driver's name and the driver's own parameters."""
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name in _UNDERSTOOD]
    return urlunsplit(("postgresql", parts.netloc, parts.path, urlencode(query), ""))
