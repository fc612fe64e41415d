"""Whole runs against a project of the user's own: judged as a fleet of diya's, left as it was."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chaos.containers.project.project_fleet import ProjectFleet
from chaos.faults.base import perform
from chaos.faults.kill_replica import KillReplica
from reports.records import RunClock
from reports.records.run_description import EnvironmentDescription, TopologyDescription
from tests import tools
from tests.containers.project import shop as shops
from tests.containers.project.shop import Shop
from tests.harness import command

pytestmark = [pytest.mark.docker, pytest.mark.slow]

HERE = Path(__file__).parent
PROFILE = HERE / "shop.toml"


@pytest.fixture(scope="module")
def shop(engine: Any, local_images: Any) -> Iterator[Shop]:
    """The running project."""
    tools.require("docker-compose")
    with shops.up() as project, pytest.MonkeyPatch.context() as patch:
        patch.setenv(shops.PASSWORD_ENV, project.password)
        yield project


def test_a_project_survives_its_faults_and_is_judged_as_a_fleet(shop: Shop, tmp_path: Path) -> None:
    before = shop.state()
    finished = command.run(
        *("readiness", *shop.options, "--profile", str(PROFILE), "--seed", "3"),
        *("--experiment", str(HERE / "faults.yaml"), "--out", str(tmp_path)),
        timeout=250,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert shop.state() == before
    run_dir = command.only_run(tmp_path)
    result = json.loads((run_dir / "result.json").read_text())
    assert result["verdict"] == "GO"
    assert {row["fault"] for row in result["faults"]} == {
        "restart-redis",
        "kill-replica",
        "disconnect-replica",
    }
    assert all(row["took_hold"] for row in result["faults"])
    passed = {gate["name"] for gate in result["gates"] if gate["status"] == "pass"}
    assert {"continuity.lost", "validity.replicas", "memory.keys", "memory.baseline"} <= passed
    # What the project's containers use is not others', so that it is not in this figure.
    assert 0 <= result["generator"]["foreign_cpu_percent"] <= 100
    run = json.loads((run_dir / "run.json").read_text())
    assert (run["foreign"], run["topology"]["replicas"]) == (True, 3)
    assert run["topology"]["durability"] == "aof-everysec"
    lines = (run_dir / "samples.jsonl").read_text().splitlines()
    sources = {json.loads(line)["source"] for line in lines}
    assert {"redis", "replica:r01", "replica:r02", "replica:r03"} <= sources
    everything = "".join(
        path.read_text(errors="replace") for path in run_dir.rglob("*") if path.is_file()
    )
    assert shop.password not in everything + finished.stdout + finished.stderr


def test_an_interrupted_run_heals_the_project(shop: Shop, tmp_path: Path) -> None:
    before = shop.state()
    experiment = tmp_path / "frozen.yaml"
    experiment.write_text(
        "title: A replica is frozen for long\nmethod:\n- type: action\n  name: freeze\n"
        "  pauses: {before: 1}\n  provider: {type: python, module: chaos.actions, "
        "func: freeze_replica, arguments: {replica: r02, duration: 60}}\n"
    )
    process = command.start(
        *("readiness", *shop.options, "--profile", str(PROFILE), "--no-rehearsal"),
        *("--experiment", str(experiment), "--out", str(tmp_path / "runs")),
    )
    command.wait_until(lambda: paused(shop), 60, "the replica is paused")
    everything = subprocess.run(
        ["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True
    )
    own = [line for line in everything.stdout.splitlines() if "redis-server" not in line]
    assert not any(shop.password in line for line in own)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 105
    assert shop.state() == before


def paused(shop: Shop) -> bool:
    """Whether a container of the agent is paused."""
    return any(each["State"]["Paused"] for each in shop.containers("assistants"))


def test_a_default_experiment_needs_a_redis_that_it_may_break(shop: Shop, tmp_path: Path) -> None:
    words = [word for word in shop.options if word not in ("redis=store",)]
    at = words.index("--redis-password-env")
    del words[at : at + 2]
    del words[words.index("--service", words.index("balancer=front:8080"))]
    finished = command.run(*("readiness", *words, "--profile", "smoke", "--out", str(tmp_path)))
    assert finished.returncode == 104, finished.stdout + finished.stderr
    assert "this fleet has no Redis" in finished.stderr
    assert not list(tmp_path.iterdir())


def test_a_project_whose_redis_is_not_named_is_broken_and_its_redis_is_not_seen(
    shop: Shop, tmp_path: Path
) -> None:
    before = shop.state()
    with ProjectFleet.from_plan(shops.plan(shop.name, tmp_path, redis=None)) as fleet:
        fleet.start()
        fleet.wait_ready()
        fault = KillReplica(replica="r02", downtime=0.1)
        window = perform("it", fault, fleet, RunClock(time.time()), random.Random(1))
        assert (window.took_hold, window.error) == (True, None)
        topology = fleet.topology(TopologyDescription(redis="unknown"))
        assert (topology.replicas, topology.redis, topology.durability) == (3, "unknown", None)
        described = fleet.describe(EnvironmentDescription())
        assert described.redis_server is None
        assert set(described.images) == {"service", "balancer"}  # type: ignore[arg-type]
        assert fleet.primary_urls() == []
        assert fleet.all_nodes_elsewhere() is None, "its sessions may be anywhere"
    assert shop.state() == before
