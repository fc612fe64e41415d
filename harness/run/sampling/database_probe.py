"""Reads the size of the database that holds the sessions, where it can be asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from chaos.errors import ChaosError
from chaos.fleet import postgres_client
from chaos.fleet.lifecycle import FleetLifecycle

Probe = Callable[[], dict[str, float]]
"""One reading; empty while the database does not answer."""

_TIMEOUT_S = 0.8
"""Shorter than the sampler's step."""
_QUERY = """\
SELECT pg_database_size(current_database())::float8 AS size,
       numbackends::float8 AS connections,
       xact_commit::float8 AS commits,
       extract(epoch FROM pg_postmaster_start_time())::float8 AS run
  FROM pg_stat_database
 WHERE datname = current_database()
"""


def of(fleet: FleetLifecycle | None, uri: str | None) -> Probe | None:
    """The probe of the fleet's own database, or of the user's at `uri`.

    None: there is no database, or none that can be asked.
    """
    if fleet is not None and fleet.own_database is not None:
        return probe(fleet.own_database.url, fleet.own_database.cpu_s)
    return None if uri is None else probe(uri)


def probe(uri: str, cpu_s: Callable[[], float | None] | None = None) -> Probe | None:
    """The probe of the database at a URI of ADK's; None: it is of a kind that is not asked.

    Readings have `size` (bytes); of PostgreSQL also `connections`, `commits` (so far), `run` (when
    the server was started, Unix seconds) and, by `cpu_s`, `cpu_s` (processor seconds so far).
    """
    if postgres_client.is_postgres(uri):
        return lambda: _postgres(uri, cpu_s)
    parts = urlsplit(uri)
    # As ADK and SQLAlchemy read it: three slashes begin a path relative to the working directory.
    file = parts.path[1:]
    if parts.scheme.partition("+")[0] == "sqlite" and file:
        return lambda: _file(Path(file))
    return None


def _postgres(uri: str, cpu_s: Callable[[], float | None] | None) -> dict[str, float]:
    try:
        values = dict(postgres_client.row(uri, _QUERY, _TIMEOUT_S))
    except ChaosError:
        return {}
    if cpu_s is not None and (used := cpu_s()) is not None:
        values["cpu_s"] = used
    return values


def _file(path: Path) -> dict[str, float]:
    """The size of the file and of its log of writes."""
    sizes = [
        each.stat().st_size for each in (path, path.with_name(f"{path.name}-wal")) if each.is_file()
    ]
    return {"size": float(sum(sizes))} if sizes else {}
