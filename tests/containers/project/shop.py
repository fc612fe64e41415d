"""Brings the sample project up and down as its user would, and shows how its containers are."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos.containers import compose
from chaos.fleet.plan import FleetPlan
from chaos.fleet.ports import free_port
from chaos.fleet.project_plan import ProjectPlan, ServiceName
from tests.harness import command

FILE = Path(__file__).parent / "compose.yaml"
PASSWORD_ENV = "SHOP_PASSWORD"
TTL_S = 15
"""Longer than the longest outage: a turn must find its session after it."""


@dataclass(frozen=True)
class Shop:
    """The running project."""

    name: str
    port: int
    password: str

    @property
    def options(self) -> tuple[str, ...]:
        """The options of `diya readiness` that name it."""
        return (
            *("--env", "compose", "--compose-file", str(FILE), "--project-name", self.name),
            *("--service", "agent=assistants", "--service", "balancer=front:8080"),
            *("--service", "redis=store", "--redis-password-env", PASSWORD_ENV),
            *("--health-path", "/readyz", "--ttl", str(TTL_S)),
        )

    def containers(self, service: str) -> list[dict[str, Any]]:
        """Its containers, inspected, in their order."""
        return containers(self.name, service)

    def state(self) -> dict[str, Any]:
        """All that a run must leave as it was, container by container."""
        return state(self.name, ("front", "assistants", "store"))

    def answers(self) -> bool:
        """Whether an agent answers through the front."""
        return answering(f"http://127.0.0.1:{self.port}/list-apps")


def containers(project: str, service: str) -> list[dict[str, Any]]:
    """The containers of a service of a project, inspected, in their order."""
    filters = ("--filter", f"label=com.docker.compose.project={project}")
    of = ("--filter", f"label=com.docker.compose.service={service}")
    ids = docker("ps", "--all", "--quiet", *filters, *of).split()
    found: list[dict[str, Any]] = json.loads(docker("inspect", *ids))
    return sorted(found, key=lambda each: str(each["Name"]))


def state(project: str, services: Sequence[str]) -> dict[str, Any]:
    """All that a run must leave as it was, container by container."""
    return {
        each["Name"]: {
            "id": each["Id"],
            "status": each["State"]["Status"],
            "networks": {
                name: sorted(at["Aliases"])
                for name, at in each["NetworkSettings"]["Networks"].items()
            },
            "memory": each["HostConfig"]["Memory"],
            "swap": each["HostConfig"]["MemorySwap"],
            "restart": each["HostConfig"]["RestartPolicy"],
            "mounts": sorted(mount["Destination"] for mount in each["Mounts"]),
        }
        for service in services
        for each in containers(project, service)
    }


def answering(url: str) -> bool:
    """Whether this address answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def docker(*arguments: str) -> str:
    """The output of `docker`."""
    return subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, check=True
    ).stdout.strip()


def plan(project: str, run_dir: Path, **more: Any) -> FleetPlan:
    """The plan of a run with the project of that name; `more` are other services."""
    services = {
        "agent": ServiceName("assistants"),
        "redis": ServiceName("store"),
        "balancer": ServiceName("front", 8080),
        **more,
    }
    return FleetPlan(
        run_dir=run_dir,
        run_id=secrets.token_hex(6),
        replicas=12,
        sessions="redis",
        ttl_seconds=TTL_S,
        project=ProjectPlan(
            file=FILE,
            name=project,
            password_env=PASSWORD_ENV,
            health_path="/readyz",
            **services,
        ),
    )


@contextmanager
def up(replicas: int = 3) -> Iterator[Shop]:
    """The project under a name of its own, started by compose; taken down at the end."""
    shop = Shop(f"shop{secrets.token_hex(4)}", free_port(), secrets.token_hex(12))
    environment = {
        **os.environ,
        "SHOP_PORT": str(shop.port),
        "SHOP_TTL": str(TTL_S),
        PASSWORD_ENV: shop.password,
    }
    words = [*compose.command(), "--project-name", shop.name, "--file", str(FILE)]

    def run(*arguments: str) -> None:
        finished = subprocess.run(
            [*words, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr

    try:
        run("up", "--detach", "--scale", f"assistants={replicas}")
        command.wait_until(shop.answers, 90, "an agent answers through the front")
        yield shop
    finally:
        run("down", "--volumes", "--timeout", "2")
