"""A project that cannot be healed: the command that does it by hand is named."""

from __future__ import annotations

import contextlib
import random
import secrets
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker.errors import NotFound

from chaos.containers.project import finding, project_guardian, repairs
from chaos.containers.project.project_fleet import ProjectFleet
from chaos.faults.base import perform
from chaos.faults.redis_outage import KillRedis
from chaos.fleet.plan import FleetPlan
from chaos.fleet.ports import LOOPBACK, free_port
from chaos.fleet.project_plan import ProjectPlan, ServiceName
from reports.records import RunClock
from tests.harness import command

pytestmark = [pytest.mark.docker, pytest.mark.slow]


@pytest.fixture
def store(engine: Any, local_images: Any, tmp_path: Path) -> Iterator[tuple[Any, int, ProjectPlan]]:
    """A container with the labels of the compose plugin, its published port, and its project."""
    file = tmp_path / "compose.yaml"
    file.write_text("services: {}\n")
    port, project = free_port(), f"plugin{secrets.token_hex(4)}"
    made = engine.containers.run(
        local_images.REDIS,
        ["redis-server", "--save", "", "--protected-mode", "no"],
        detach=True,
        name=f"{project}-store-1",
        ports={"6379/tcp": (LOOPBACK, port)},
        labels={
            finding.PROJECT_LABEL: project,
            finding.SERVICE_LABEL: "store",
            finding.NUMBER_LABEL: "1",
            "com.docker.compose.oneoff": "False",
            "com.docker.compose.project.working_dir": str(tmp_path),
            "com.docker.compose.project.config_files": str(file),
        },
    )
    # One container for both roles: nothing here is asked over HTTP.
    plan = ProjectPlan(file=file, agent=ServiceName("store"), redis=ServiceName("store"))
    try:
        yield made, port, plan
    finally:
        with contextlib.suppress(NotFound):  # a test removed it
            made.remove(force=True, v=True)


def test_a_redis_that_cannot_start_names_its_command_and_is_healed_at_the_end(
    store: tuple[Any, int, ProjectPlan], tmp_path: Path
) -> None:
    container, port, plan = store
    fleet = ProjectFleet.from_plan(
        FleetPlan(
            run_dir=tmp_path,
            run_id=secrets.token_hex(6),
            replicas=1,
            sessions="unknown",
            ttl_seconds=5,
            project=plan,
        )
    )
    with fleet:
        fleet.start()
        fault = KillRedis(downtime=0.0)
        with taken_when_free(port, fault):
            window = perform("it", fault, fleet, RunClock(time.time()), random.Random(1))
        assert (window.took_hold, window.recovered_at) == (True, None)
        assert window.by_hand == f"docker start {container.name}"
        assert window.error is not None
        assert window.error.endswith(f"by hand: docker start {container.name}")
    container.reload()
    assert container.status == "running"


@contextlib.contextmanager
def taken_when_free(port: int, fault: KillRedis) -> Iterator[None]:
    """Somebody else listens at this port as soon as the fault's target is gone, until the end."""
    taker = socket.socket()
    taker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    hold = fault.hold

    def is_taken() -> bool:
        try:
            taker.bind((LOOPBACK, port))
        except OSError:
            return False
        taker.listen()
        return True

    def take_and_hold() -> None:
        command.wait_until(is_taken, 10, "the port is free")
        hold()

    fault.hold = take_and_hold  # type: ignore[method-assign]
    with taker:
        yield


def test_a_container_that_was_removed_meanwhile_needs_nothing_and_a_stopped_one_is_named(
    store: tuple[Any, int, ProjectPlan], engine: Any
) -> None:
    container, port, _ = store
    was = repairs.before(engine.api.inspect_container(container.id))
    container.kill()
    with socket.create_server((LOOPBACK, port)):
        left = project_guardian.restore(engine, [was], timeout=1.0)
    assert left == [f"docker start {container.name}"]
    assert project_guardian.restore(engine, [was], timeout=20.0) == []
    container.reload()
    assert container.status == "running"
    container.remove(force=True)
    assert project_guardian.restore(engine, [was], timeout=20.0) == []
