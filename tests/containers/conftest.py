"""The engine and the images that the tests of containers share."""

from __future__ import annotations

import os
from collections.abc import Iterator
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
    """The module of images made of what is installed, all of them built."""
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
