"""Readiness tests over a fleet in containers, on a real Docker engine; images made here."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests import tools
from tests.harness import command
from tests.harness.ci import repository


@pytest.fixture(scope="session")
def images() -> tuple[str, ...]:
    """The options that name images made of what is installed."""
    if os.environ.get("DIYA_REQUIRE_DOCKER") != "1":
        tools.require("docker")
        tools.require("redis-server")
    docker = pytest.importorskip("docker")
    try:
        client = docker.from_env()
        client.ping()
        client.close()
    except (docker.errors.DockerException, OSError) as error:
        if os.environ.get("DIYA_REQUIRE_DOCKER") == "1":
            pytest.fail(f"no Docker engine: {error}")
        pytest.skip(f"no Docker engine: {error} (DIYA_REQUIRE_DOCKER=1 makes this a failure)")
    from tests.containers import images as made

    made.ensure()
    return (
        *("--diya-env", "containers", "--diya-image", made.SERVICE),
        *("--diya-redis-image", made.REDIS, "--diya-envoy-image", made.ENVOY),
    )


def ours() -> list[str]:
    """What runs or lies about with our label."""
    found = []
    for what in (("ps", "-aq"), ("network", "ls", "-q"), ("volume", "ls", "-q")):
        told = subprocess.run(
            ["docker", *what, "--filter", "label=diya.run"],
            capture_output=True,
            text=True,
            check=True,
        )
        found += told.stdout.split()
    return found


@pytest.mark.timeout(300)
def test_containers_survive_and_a_redis_without_persistence_is_convicted(
    tmp_path: Path, images: tuple[str, ...]
) -> None:
    repository.write(
        tmp_path,
        f"""
PROFILE = {repository.TINY!r}

@pytest.mark.readiness(profile=PROFILE, replicas=2, seed=7)
def test_good(readiness):
    with readiness.running() as run:
        run.restart("redis", at="2s")
        run.kill("replica", at="4s")
    run.expect("continuity == 100%")
    run.expect("recovery < 20s", fault="redis")

@pytest.mark.readiness(profile=PROFILE, replicas=2, aof="off")
def test_no_persistence(readiness):
    with readiness.running() as run:
        run.restart("redis", at="4s")
    run.expect("continuity == 100%")
""",
    )
    finished = repository.pytest(tmp_path, *images, timeout=250)
    assert "PASSED test_it.py::test_good" in finished.stdout, finished.stdout
    assert "1 failed, 1 passed" in finished.stdout
    assert "expected continuity == 100%: was continuity" in finished.stdout
    assert "Conversation context lost" in finished.stdout
    assert ours() == []


def test_after_a_kill_of_pytest_no_container_or_network_is_left(
    tmp_path: Path, images: tuple[str, ...]
) -> None:
    repository.write(
        tmp_path,
        f"""
@pytest.mark.readiness(profile={repository.TINY!r}, replicas=1)
def test_it(readiness):
    with readiness.running():
        pass
""",
    )
    process = subprocess.Popen(
        repository.invocation(*images),
        cwd=tmp_path,
        env=repository.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        command.wait_until(lambda: len(ours()) >= 3, 60, "containers run")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    command.wait_until(lambda: ours() == [], 60, "everything is removed")


def test_an_image_that_is_nowhere_skips_the_test_or_fails_it(
    tmp_path: Path, images: tuple[str, ...]
) -> None:
    repository.write(tmp_path, "def test_it(readiness):\n    with readiness.running(): pass\n")
    arguments = (*images, "--diya-image", "127.0.0.1:1/diya-test/nowhere:local")
    skipped = repository.pytest(tmp_path, *arguments, DIYA_REQUIRE_DOCKER="0")
    assert "1 skipped" in skipped.stdout, skipped.stdout
    assert "nowhere:local' is not here and cannot be pulled" in skipped.stdout
    assert "1 failed" in repository.pytest(tmp_path, *arguments, DIYA_REQUIRE_DOCKER="1").stdout
