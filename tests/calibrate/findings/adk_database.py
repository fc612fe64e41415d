"""google-adk 2.13, `DatabaseSessionService` on PostgreSQL: the service alone.

`python -m tests.calibrate.findings.adk_database` (needs PostgreSQL's `initdb` and `postgres`)
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from google.adk.sessions.database_session_service import DatabaseSessionService
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from chaos.fleet.postgres import Postgres, folder_of
from tests.calibrate.findings.stage import APP, said, texts
from tests.versus_sessions import traffic

_REPLICAS = 8
_MANY = 20
_PATIENCE_S = 5.0


async def _fails(work: Awaitable[Any]) -> bool:
    try:
        await work
    except SQLAlchemyError:
        return True
    return False


async def first_use(url: str) -> None:
    """Replicas that start together on an empty database make its tables together."""
    services = [DatabaseSessionService(url) for _ in range(_REPLICAS)]
    failed = await asyncio.gather(*(_fails(each.prepare_tables()) for each in services))
    print(f"{_REPLICAS} replicas begin on an empty database: {sum(failed)} fail")
    for each in services:
        await each.close()


async def state_at_creation(service: DatabaseSessionService) -> None:
    """The user's state is read, changed and written back without a lock."""
    first = await service.create_session(app_name=APP, user_id="ben")
    assert first.user_id == "ben"
    await asyncio.gather(
        *(
            service.create_session(app_name=APP, user_id="ben", state={f"user:{number}": "set"})
            for number in range(_MANY)
        )
    )
    kept = await service.get_user_state(app_name=APP, user_id="ben")
    print(f"{_MANY} sessions of one user are created with a key each: {len(kept)} kept")


async def clocks(service: DatabaseSessionService) -> None:
    """Events are read in the order of the writers' clocks."""
    await service.create_session(app_name=APP, user_id="carla", session_id="clocks")
    for number, behind in enumerate((0.0, 1.0, 0.0)):
        session = await service.get_session(app_name=APP, user_id="carla", session_id="clocks")
        assert session is not None
        event = said(f"{number + 1}")
        event.timestamp = time.time() - behind
        await service.append_event(session, event)
    shown = await texts(service, "carla", "clocks")
    print(f"three messages, the second by a replica whose clock is 1 s behind: {shown}")


async def statements(url: str) -> None:
    """Round trips, as a replica pays them that has worked for a while."""
    with tempfile.TemporaryDirectory(prefix="diya-finding-") as folder:
        service = DatabaseSessionService(url)
        engine = service.db_engine.sync_engine
        counter = traffic.count(engine, Path(folder))
        session = await service.create_session(app_name=APP, user_id="dora", session_id="trips")
        for _ in range(3):
            await service.append_event(session, said("again"))
            await texts(service, "dora", "trips")
        before = counter.trips
        await service.append_event(session, said("again"))
        appended = counter.trips
        await texts(service, "dora", "trips")
        read = counter.trips - appended
        print(f"round trips of an append: {appended - before}, of a read: {read}")
        await service.close()


async def no_limit(service: DatabaseSessionService) -> None:
    """Another replica holds the session's row and is frozen."""
    session = await service.create_session(app_name=APP, user_id="eva", session_id="held")
    async with service.db_engine.connect() as frozen:
        await frozen.execute(text("select 1 from sessions where id = 'held' for update"))
        told = "ended"
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await service.append_event(session, said("hello"))
        except TimeoutError:
            told = f"still waits after {_PATIENCE_S:g} s"
    print(f"an append while a frozen replica holds the session's row: {told}")


async def _show(url: str) -> None:
    await first_use(url)
    service = DatabaseSessionService(url)
    await service.prepare_tables()
    for each in (state_at_creation, clocks):
        await each(service)
    await statements(url)
    await no_limit(service)
    await service.close()


def main() -> None:
    """Start a cluster, show the findings, end it."""
    logging.disable(logging.ERROR)
    postgres = Postgres(folder_of(secrets.token_hex(6)))
    try:
        postgres.start()
        postgres.wait_ready()
        asyncio.run(_show(postgres.url))
    finally:
        postgres.close()


if __name__ == "__main__":
    main()
