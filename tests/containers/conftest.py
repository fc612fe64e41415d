"""The engine and the images that the tests of containers share."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import tools

LIMIT = 400
"""Seconds for a test, the building of images in the first of them included."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whichever test comes first builds the images in its own time."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.timeout(LIMIT))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Run a test marked `alone_on_engine` while no other worker uses the engine.

    Every run in containers first removes the leftovers of dead runs, also those of another worker.
    """
    path = Path(tempfile.gettempdir()) / f"diya-test-engine-{os.getuid()}.lock"
    alone = item.get_closest_marker("alone_on_engine") is not None
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        return (yield)


@pytest.fixture(scope="session")
def engine() -> Iterator[Any]:
    """A client of a real Docker engine; without one the test is skipped, or fails in CI."""
    if os.environ.get("DIYA_REQUIRE_DOCKER") != "1":
        tools.require("docker")
        tools.require("redis-server")
    docker = pytest.importorskip("docker")
    try:
        client = docker.from_env()
        client.ping()
    except (docker.errors.DockerException, OSError) as error:
        if os.environ.get("DIYA_REQUIRE_DOCKER") == "1":
            pytest.fail(f"no Docker engine: {error}")
        pytest.skip(f"no Docker engine: {error} (DIYA_REQUIRE_DOCKER=1 makes this a failure)")
    yield client
    client.close()


@pytest.fixture(scope="session")
def local_images(engine: Any) -> Any:
    """The module of the images made from installed packages, all of them built."""
    from tests.containers import images as made

    made.ensure()
    return made


@pytest.fixture(scope="session")
def images(local_images: Any) -> tuple[str, ...]:
    """The options of pytest that name them."""
    return (
        *("--diya-env", "containers", "--diya-image", local_images.SERVICE),
        *("--diya-redis-image", local_images.REDIS, "--diya-envoy-image", local_images.ENVOY),
    )
