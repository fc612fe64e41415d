"""deploy/compose.yaml on a real Docker engine, with images made here."""

from __future__ import annotations

import json
import secrets
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chaos.containers import compose, service_image
from chaos.containers.compose_fleet import ComposeFleet
from chaos.fleet.ports import free_port
from tests import tools
from tests.containers import tidy
from tests.harness import command

FAULTS = Path(__file__).parent / "compose_faults.yaml"
PROFILE = Path(__file__).parent / "patient.toml"
SERVICES = {"redis": 1, "agent": 2, "envoy": 1, "locust-master": 1, "locust-worker": 2}


@pytest.fixture
def built(local_images: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Images of the service and the generator that compose has yet to build, by these names."""
    tools.require("docker-compose")
    # Kept, so that compose finds the layers of both in the builder's cache.
    local_images.build_service(local_images.GENERATOR, "generator")
    token = secrets.token_hex(4)
    names = [f"diya-test/composed-{each}:{token}" for each in ("service", "generator")]
    monkeypatch.setenv("DIYA_REDIS_IMAGE", local_images.REDIS)
    monkeypatch.setenv("DIYA_ENVOY_IMAGE", local_images.ENVOY)
    monkeypatch.setenv("DIYA_BASE_IMAGE", local_images.PYTHON)
    monkeypatch.setenv("DIYA_SERVICE_IMAGE", names[0])
    monkeypatch.setenv("DIYA_GENERATOR_IMAGE", names[1])
    monkeypatch.setenv("DOCKER_BUILDKIT", "0")
    yield names
    for name in names:
        subprocess.run(["docker", "image", "rm", "--force", name], capture_output=True, check=False)


def docker(*arguments: str) -> str:
    """The output of `docker`."""
    return subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, check=True
    ).stdout.strip()


def left_of(project: str) -> list[str]:
    """Containers, networks and volumes of a project of compose."""
    kinds = (("ps", "-aq"), ("network", "ls", "-q"), ("volume", "ls", "-q"))
    label = f"label=com.docker.compose.project={project}"
    return [each for kind in kinds for each in docker(*kind, "--filter", label).split()]


@pytest.mark.usefixtures("built")
def test_a_run_through_the_file_survives_a_killed_replica_and_a_restarted_redis(
    tmp_path: Path,
) -> None:
    finished = command.run(
        *("readiness", "--env", "compose", "--profile", str(PROFILE)),
        *("--experiment", str(FAULTS), "--replicas", "12", "--workers", "2"),
        *("--seed", "3", "--out", str(tmp_path)),
        timeout=250,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    run_dir = command.only_run(tmp_path)
    result = json.loads((run_dir / "result.json").read_text())
    assert result["verdict"] == "GO"
    assert result["generator"]["foreign_cpu_percent"] is not None
    assert (run_dir / "logs" / "locust-worker-2.log").is_file()
    assert [*(run_dir / "compose").glob("*")] == []
    assert tidy.left(*tidy.run_ids(tmp_path)) == []


@pytest.mark.usefixtures("built")
def test_a_killed_run_leaves_nothing_and_its_password_was_in_no_command_line(
    tmp_path: Path,
) -> None:
    process = command.start(
        *("readiness", "--env", "compose", "--profile", str(command.HERE / "tiny.toml")),
        *("--experiment", "none", "--replicas", "1", "--out", str(tmp_path)),
    )
    try:
        command.wait_until(lambda: command.turns_recorded(tmp_path) > 0, 200, "the load runs")
        (run_id,) = tidy.run_ids(tmp_path)
        filters = ("--filter", f"label=diya.run={run_id}", "--filter", "name=redis")
        (redis,) = docker("ps", "-q", *filters).split()
        told = docker("inspect", "--format", "{{json .Config.Env}}", redis)
        (password,) = (
            each.partition("=")[2] for each in json.loads(told) if each.startswith("REDISCLI_AUTH=")
        )
        assert len(password) > 20
        assert password not in docker("ps", "--all", "--no-trunc", "--format", "{{.Command}}")
        everything = subprocess.run(
            ["ps", "-eo", "args"], capture_output=True, text=True, check=True
        )
        assert password not in everything.stdout
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    command.wait_until(lambda: tidy.left(run_id) == [], 60, "everything is removed")
    assert not (command.only_run(tmp_path) / "compose").exists()


def test_a_default_image_made_from_other_sources_is_built_again(
    built: list[str], engine: Any, local_images: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    # Under names that are nobody else's, and yet not somebody's choice.
    monkeypatch.setattr(service_image, "NAMES", tuple(built))
    for name in built:
        engine.images.get(local_images.REDIS).tag(name)
    images: list[dict[str, dict[str, str]]] = []
    said: list[str] = []
    for _ in range(2):
        run_id = secrets.token_hex(6)
        with ComposeFleet(tmp_path / run_id, run_id, images={}, replicas=1) as fleet:
            fleet.start(said.append)
            images.append(fleet.images)
            (replica,) = fleet.replicas.values()
            of = engine.containers.get(replica.id)
            assert of.attrs["Image"] == fleet.images["service"]["id"]
        assert tidy.left(run_id) == []
    assert [line for line in said if line.startswith("building")] == [
        f"building {name}" for name in built
    ] * 2
    assert images[0] == images[1]
    assert images[0]["service"]["id"] != engine.images.get(local_images.REDIS).id


def test_the_file_alone_is_built_and_healthy_and_under_load_until_it_is_taken_down(
    built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ui, balancer = free_port(), free_port()
    monkeypatch.setenv("DIYA_REPLICAS", str(SERVICES["agent"]))
    monkeypatch.setenv("DIYA_UI_PORT", str(ui))
    monkeypatch.setenv("DIYA_PORT", str(balancer))
    project = f"diya-test-{secrets.token_hex(4)}"
    label = f"com.docker.compose.project={project}"
    words = [*compose.command(), "--project-name", project, "--file", str(compose.FILE)]
    try:
        subprocess.run([*words, "up", "--detach"], check=True, capture_output=True, timeout=200)
        assert healths(label).keys() == SERVICES.keys()
        command.wait_until(
            lambda: healths(label) == {name: ["healthy"] * n for name, n in SERVICES.items()},
            60,
            "everything is healthy",
        )
        for each in docker("ps", "-q", "--filter", f"label={label}").split():
            ports = json.loads(
                docker("inspect", "--format", "{{json .NetworkSettings.Ports}}", each)
            )
            where = {at["HostIp"] for bound in ports.values() for at in bound or ()}
            assert where <= {"127.0.0.1"}
        command.wait_until(lambda: requests_seen(ui) > 0, 60, "Locust puts load on it")
        with urllib.request.urlopen(f"http://127.0.0.1:{balancer}/readyz", timeout=10) as answer:
            assert answer.status == 200
        for name in built:
            image = json.loads(docker("image", "inspect", name))[0]
            assert image["Config"]["User"] == "10001:10001", name
    finally:
        subprocess.run(
            [*words, "down", "--volumes", "--timeout", "2"], check=True, capture_output=True
        )
    assert left_of(project) == []


def healths(label: str) -> dict[str, list[str]]:
    """Service → the reported health of each of its containers."""
    found: dict[str, list[str]] = {}
    for each in docker("ps", "-q", "--filter", f"label={label}").split():
        told: dict[str, Any] = json.loads(docker("inspect", each))[0]
        service = told["Config"]["Labels"]["com.docker.compose.service"]
        found.setdefault(service, []).append(told["State"]["Health"]["Status"])
    return found


def requests_seen(ui: int) -> int:
    """How many requests Locust's web UI counts."""
    with urllib.request.urlopen(f"http://127.0.0.1:{ui}/stats/requests", timeout=10) as answer:
        stats = json.loads(answer.read())["stats"]
    return sum(int(each["num_requests"]) for each in stats)
