"""ADK's services on a database, for `--sessions`: the replicas import this.

`DIYA_VERSUS_DATABASE` holds the address of the database, `DIYA_VERSUS_SQLITE` the path of the file.
With `DIYA_VERSUS_TRAFFIC`, a folder, each replica counts its traffic with the database there.
"""

from __future__ import annotations

import os
from pathlib import Path

from google.adk.sessions.base_session_service import BaseSessionService

DATABASE, SQLITE, TRAFFIC = "DIYA_VERSUS_DATABASE", "DIYA_VERSUS_SQLITE", "DIYA_VERSUS_TRAFFIC"


def database(uri: str, ttl_seconds: float) -> BaseSessionService:
    """`DatabaseSessionService` as `adk api_server` makes it; it knows no TTL."""
    from google.adk.sessions.database_session_service import DatabaseSessionService

    service = DatabaseSessionService(_named(DATABASE))
    if folder := os.environ.get(TRAFFIC):
        from tests.versus_sessions import traffic

        traffic.count(service.db_engine.sync_engine, Path(folder))
    return service


def sqlite(uri: str, ttl_seconds: float) -> BaseSessionService:
    """`SqliteSessionService` on a file that all replicas share; it knows no TTL."""
    from google.adk.sessions.sqlite_session_service import SqliteSessionService

    return SqliteSessionService(_named(SQLITE))


def _named(variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise ValueError(f"{variable} must be set, got nothing")
    return value
