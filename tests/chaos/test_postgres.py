"""The cluster is our own: it keeps what was committed, and nothing of it stays."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from google.adk.sessions.database_session_service import DatabaseSessionService

from chaos.errors import ChaosConfigError, ChaosError
from chaos.fleet import guardian
from chaos.fleet.postgres import Postgres, folder_of
from chaos.fleet.postgres_binary import binaries
from chaos.fleet.waiting import holds_within
from tests import tools
from tests.calibrate.findings.stage import APP, said, texts
from tests.versus_sessions import traffic


def test_a_machine_without_postgresql_is_told_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ChaosConfigError, match="no initdb on PATH or in "):
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
    except ChaosConfigError as error:
        tools.missing(str(error))
    cluster = Postgres(folder_of(secrets.token_hex(6)))
    try:
        cluster.start()
        cluster.wait_ready()
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
        before = postgres.identity
        postgres.kill()
        assert (postgres.running, postgres.exit_code) == (False, -9)
        assert not await asyncio.to_thread(postgres.answers)
        postgres.start()
        postgres.wait_ready()
        assert postgres.identity != before
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


@pytest.mark.service
@pytest.mark.slow
def test_a_frozen_cluster_answers_again_when_it_goes_on(postgres: Postgres) -> None:
    before = postgres.identity
    postgres.freeze()
    assert (postgres.frozen, postgres.running, postgres.answers()) == (True, True, False)
    postgres.resume()
    assert holds_within(postgres.answers, 10.0)
    assert (postgres.frozen, postgres.identity) == (False, before)


@pytest.mark.service
@pytest.mark.slow
def test_a_restarted_cluster_ends_its_connections_and_comes_back(postgres: Postgres) -> None:
    with pytest.raises(ChaosError, match="runs already"):
        postgres.start()
    assert postgres.terminate(20.0)
    assert postgres.exit_code == 0
    postgres.start()
    postgres.wait_ready()
    assert postgres.answers()
    postgres.close()
    with pytest.raises(ChaosError, match="is closed"):
        postgres.start()


@pytest.mark.service
@pytest.mark.slow
def test_the_guardian_ends_a_frozen_cluster_with_all_its_backends() -> None:
    try:
        binaries()
    except ChaosConfigError as error:
        tools.missing(str(error))
    run_id = secrets.token_hex(6)
    cluster = Postgres(folder_of(run_id), env={**os.environ, guardian.RUN_ID_VARIABLE: run_id})
    try:
        cluster.start()
        cluster.wait_ready()
        server = psutil.Process(cluster.pid)
        everybody = [server, *server.children(recursive=True)]
        assert len(everybody) > 1
        cluster.freeze()
        assert guardian.clear(run_id, [str(cluster.folder)])
        assert not cluster.running
        assert holds_within(lambda: not any(_lives(each) for each in everybody), 10.0)
        assert not cluster.folder.exists()
    finally:
        cluster.close()


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
