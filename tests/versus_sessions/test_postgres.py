"""The cluster is our own: it keeps what was committed, and nothing of it stays."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from google.adk.sessions.database_session_service import DatabaseSessionService

from tests import tools
from tests.calibrate.findings.stage import APP, said, texts
from tests.versus_sessions import traffic
from tests.versus_sessions.postgres import NotToBeHadError, Postgres, binaries


def test_a_machine_without_postgresql_is_told_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotToBeHadError, match="no initdb on PATH or in "):
        binaries(tmp_path)


def test_the_newest_version_of_debian_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for number in ("9.6", "15", "13"):
        folder = tmp_path / number / "bin"
        folder.mkdir(parents=True)
        (folder / "initdb").touch()
    assert binaries(tmp_path) == tmp_path / "15" / "bin"


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    try:
        binaries()
    except NotToBeHadError as error:
        tools.missing(str(error))
    cluster = Postgres()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.close()


@pytest.mark.service
@pytest.mark.slow
def test_a_killed_cluster_keeps_what_was_committed(postgres: Postgres, tmp_path: Path) -> None:
    async def talk() -> None:
        service = DatabaseSessionService(postgres.url)
        counter = traffic.count(service.db_engine.sync_engine, tmp_path)
        session = await service.create_session(app_name=APP, user_id="anna", session_id="s")
        await service.append_event(session, said("before"))
        assert counter.trips > 10
        postgres.kill()
        postgres.start()
        assert await texts(service, "anna", "s") == ["before"]
        await service.append_event(session, said("after"))
        assert await texts(service, "anna", "s") == ["before", "after"]
        await service.close()

    asyncio.run(talk())
    counted = traffic.between(tmp_path, 0.0, float("inf"))
    assert counted is not None
    assert counted.sent > 1000
    assert counted.received > 1000


@pytest.mark.service
@pytest.mark.slow
def test_a_closed_cluster_leaves_no_process_and_no_folder(postgres: Postgres) -> None:
    folder = postgres.folder
    assert folder.exists()
    server = next(c for c in psutil.Process().children() if "postgres" in c.name())
    everybody = [server, *server.children(recursive=True)]
    if psutil.Process().uids().effective == 0:
        assert server.uids().effective != 0
    postgres.close()
    assert not any(each.is_running() for each in everybody)
    assert not folder.exists()
