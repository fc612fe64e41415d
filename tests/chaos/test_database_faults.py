"""The faults of a database, done to a real PostgreSQL."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from chaos.errors import ChaosConfigError
from chaos.faults.base import Fault, perform
from chaos.faults.database import FreezeDatabase, KillDatabase, RestartDatabase
from chaos.faults.redis_outage import KillRedis
from chaos.fleet.active_faults import ActiveFaults
from chaos.fleet.no_redis import NoRedis
from chaos.fleet.postgres import Postgres, folder_of
from chaos.fleet.postgres_binary import binaries
from reports.records import FaultWindow, RunClock
from tests import tools

CAPABILITIES = frozenset({"kill", "restart", "database"})


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    try:
        binaries()
    except ChaosConfigError as error:
        tools.missing(str(error))
    server = Postgres(folder_of(secrets.token_hex(6)))
    try:
        server.start()
        server.wait_ready()
        yield server
    finally:
        server.close()


def system(database: object, can: frozenset[str] = CAPABILITIES) -> Any:
    """A fleet of a database only; its balancer is always at rest."""
    return SimpleNamespace(
        database=database,
        redis=NoRedis(),
        capabilities=can,
        active_faults=ActiveFaults(),
        wait_balanced=lambda timeout: None,
    )


def done(fault: Fault, database: Postgres) -> FaultWindow:
    env = system(database)
    fault.check(env)
    return perform("it-1", fault, env, RunClock(0.0), Random(7))


@pytest.mark.service
@pytest.mark.slow
@pytest.mark.parametrize("fault", [KillDatabase(downtime=0.1), RestartDatabase(downtime=0.1)])
def test_a_database_that_ended_is_another_one_when_it_is_back(
    database: Postgres, fault: Fault
) -> None:
    before = database.identity
    window = done(fault, database)
    assert (window.error, window.took_hold, window.target) == (None, True, "postgres")
    assert window.recovered_at is not None
    assert database.answers()
    assert database.identity != before


@pytest.mark.service
@pytest.mark.slow
def test_a_frozen_database_is_the_same_one_when_it_goes_on(database: Postgres) -> None:
    before = database.identity
    window = done(FreezeDatabase(duration=0.1), database)
    assert (window.error, window.took_hold) == (None, True)
    assert database.answers()
    assert database.identity == before


@pytest.mark.service
@pytest.mark.slow
def test_a_database_that_is_frozen_already_takes_no_fault(database: Postgres) -> None:
    database.freeze()
    try:
        window = done(KillDatabase(), database)
    finally:
        database.resume()
    assert not window.took_hold
    assert "is frozen already" in (window.error or "")


def test_a_fleet_without_a_database_refuses_its_faults() -> None:
    with pytest.raises(ValueError, match=r"kill-database needs capabilities .* database"):
        KillDatabase().check(system(None, frozenset({"kill", "restart"})))


def test_a_fleet_without_a_redis_says_that_its_sessions_are_elsewhere() -> None:
    with pytest.raises(ValueError, match="this fleet has no Redis"):
        KillRedis().check(system(None))
