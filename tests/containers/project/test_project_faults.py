"""Every fault of the container catalogue on a project of the user's own, and its way back."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any

import pytest

from chaos.containers.project.project_fleet import ProjectFleet
from chaos.errors import ChaosConfigError
from chaos.faults.base import Fault, perform
from chaos.faults.disconnect import DisconnectRedis, DisconnectReplica
from chaos.faults.freeze import FreezeRedis, FreezeReplica
from chaos.faults.kill_many import KillHalf
from chaos.faults.kill_replica import KillReplica
from chaos.faults.limit_memory import LimitMemory
from chaos.faults.redis_outage import KillRedis, RestartRedis
from chaos.faults.rolling_restart import RollingRestart
from chaos.faults.slow_start import SlowStart
from chaos.faults.squeeze_memory import SqueezeMemory
from chaos.faults.terminate_replica import TerminateReplica
from chaos.fleet.project_plan import ServiceName
from chaos.fleet.redis_client import connect
from reports.records import RunClock
from reports.records.run_description import EnvironmentDescription, TopologyDescription
from tests import tools
from tests.containers.project import shop as shops
from tests.containers.project.shop import Shop

pytestmark = [pytest.mark.docker, pytest.mark.slow]

FAULTS: list[Fault] = [
    KillReplica(replica="r02", downtime=0.2),
    TerminateReplica(replica="r03", duration=0.2),
    RollingRestart(count=3),
    FreezeReplica(replica="r01", duration=0.3),
    DisconnectReplica(replica="r01", duration=0.3),
    LimitMemory(replica="r02", share=1.5, duration=0.2),
    LimitMemory(replica="r02", share=0.5, duration=0.2),
    SlowStart(replica="r03", duration=0.3),
    KillHalf(downtime=0.2),
    RestartRedis(downtime=0.2),
    KillRedis(downtime=0.2),
    FreezeRedis(duration=0.3),
    DisconnectRedis(duration=0.3),
]


@pytest.fixture(scope="module")
def shop(engine: Any, local_images: Any) -> Iterator[Shop]:
    """The running project."""
    tools.require("docker-compose")
    with shops.up() as project, pytest.MonkeyPatch.context() as patch:
        patch.setenv(shops.PASSWORD_ENV, project.password)
        yield project


@pytest.fixture(scope="module")
def fleet(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProjectFleet]:
    """The project as a fleet, for all of these tests; nothing is changed at its end."""
    before = shop.state()
    with ProjectFleet.from_plan(shops.plan(shop.name, tmp_path_factory.mktemp("fleet"))) as fleet:
        fleet.start()
        fleet.wait_ready()
        yield fleet
    assert shop.state() == before


@pytest.mark.parametrize("fault", FAULTS, ids=[f"{each.kind}-{n}" for n, each in enumerate(FAULTS)])
def test_a_fault_takes_hold_and_everything_is_as_before(
    fault: Fault, fleet: ProjectFleet, shop: Shop
) -> None:
    before = shop.state()
    fault.check(fleet)
    window = perform("it", fault, fleet, RunClock(time.time()), random.Random(1))
    assert (window.took_hold, window.error) == (True, None)
    assert window.recovered_at is not None
    assert shop.state() == before
    assert all(replica.ready() for replica in fleet.replicas.values())
    assert fleet.redis.answers()


def test_an_acknowledged_write_survives_a_killed_redis(fleet: ProjectFleet) -> None:
    with connect(fleet.redis.url) as client:
        client.set("order", "saree", ex=600)
    fault = KillRedis(downtime=0.1)
    perform("it", fault, fleet, RunClock(time.time()), random.Random(1))
    with connect(fleet.redis.url) as client:
        assert client.get("order") == "saree"
        client.delete("order")


def test_the_settings_of_the_users_redis_are_not_changed(fleet: ProjectFleet) -> None:
    with pytest.raises(ValueError, match="redis-config"):
        SqueezeMemory().check(fleet)


def test_the_record_shows_the_replicas_and_the_durability_that_were_found(
    fleet: ProjectFleet,
) -> None:
    topology = fleet.topology(TopologyDescription(redis="unknown"))
    assert (topology.replicas, topology.redis) == (3, "single")
    assert (topology.aof, topology.rdb, topology.durability) == ("everysec", False, "aof-everysec")
    described = fleet.describe(EnvironmentDescription())
    assert set(described.images) == {"service", "redis", "balancer"}  # type: ignore[arg-type]
    assert list(described.containers) == ["r01", "r02", "r03"]  # type: ignore[arg-type]


def test_a_second_run_of_the_same_project_is_refused(
    fleet: ProjectFleet, shop: Shop, tmp_path: Any
) -> None:
    with (
        ProjectFleet.from_plan(shops.plan(shop.name, tmp_path)) as second,
        pytest.raises(ChaosConfigError, match="another run plays it"),
    ):
        second.start()


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"agent": ServiceName("asistants")}, r"did you mean assistants\?"),
        ({"redis": ServiceName("assistants")}, "must have one container, got 3"),
        ({"balancer": None}, "has 3 containers, and the load goes to one address"),
        ({"balancer": ServiceName("front", 9000)}, "port 9000 must be published"),
    ],
)
def test_a_project_that_is_not_as_named_is_refused(
    more: dict[str, Any], sentence: str, shop: Shop, tmp_path: Any
) -> None:
    with pytest.raises(ChaosConfigError, match=sentence):
        ProjectFleet.from_plan(shops.plan(shop.name, tmp_path, **more))


def test_a_wrong_password_is_refused_without_the_password(
    shop: Shop, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = shops.plan(shop.name, tmp_path)
    monkeypatch.setenv(shops.PASSWORD_ENV, "not-the-password-of-it")
    with (
        ProjectFleet.from_plan(planned) as fleet,
        pytest.raises(ChaosConfigError, match="--redis-password-env") as refused,
    ):
        fleet.redis.start()
    assert "not-the-password-of-it" not in str(refused.value)
