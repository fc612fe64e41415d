"""A user's repository (`tests/sample_repo`), cloned and tested with the lines of `docs/ci.md`.

A wheel of diya is installed into a new environment, so a file missing from the wheel is missing
there too.  The packages that diya requires are not downloaded again: they are looked up in the
environment of these tests.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from chaos.containers import compose, service_image
from chaos.containers.engine import has_image
from chaos.fleet.ports import free_port
from tests import tools
from tests.containers import tidy
from tests.containers.project import shop
from tests.harness import command
from tests.harness.pytest_plugin import repository

SAMPLE = command.ROOT / "tests" / "sample_repo"
BASE = "diya-test/with-diya:local"
IMAGE = "diya-test/concierge:local"
SERVICES = ("door", "concierge", "guestbook")
"""Of its compose project."""
ROOMS = ("target_service", "loadtests", "chaos", "reports", "harness")


def documented_lines() -> list[str]:
    """The lines that `docs/ci.md` tells a user to type: install, build, test."""
    text = (command.ROOT / "docs" / "ci.md").read_text()
    for block in re.split(r"^```.*\n", text, flags=re.MULTILINE)[1::2]:
        lines = [line.partition("  #")[0].strip() for line in block.splitlines()]
        if [line.partition(" ")[0] for line in lines] == ["pip", "docker", "pytest"]:
            return lines
    raise AssertionError("docs/ci.md does not say how to install diya[ci], build and test")


@dataclass(frozen=True)
class Clone:
    """A clean copy of the repository, and an environment of its own with diya in it."""

    folder: Path
    environment: Path
    package: str
    """The wheel in the repository, from which pip installs diya here and in the image."""

    def type(self, line: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a line in the environment, as the user types it."""
        environ = repository.environment(
            PATH=f"{self.environment / 'bin'}{os.pathsep}{os.environ['PATH']}",
            **{
                "PIP_NO_INDEX": "1",
                "DOCKER_BUILDKIT": "0",
                "DIYA_PACKAGE": self.package,
                **variables,
            },
        )
        if "PYTHONPATH" not in variables:
            del environ["PYTHONPATH"]
        return subprocess.run(
            ["/bin/sh", "-c", line],
            cwd=self.folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=350,
            check=False,
        )


def run(*words: str | Path) -> None:
    finished = subprocess.run(words, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, f"{words}: {finished.stdout}{finished.stderr}"


def built_wheel(folder: Path) -> Path:
    """A wheel of the sources as they are, built beside them and not in them."""
    sources, modules = folder / "sources", command.ROOT.glob("*diya*.py")
    sources.mkdir()
    for path in (*(command.ROOT / name for name in ("pyproject.toml", "README.md")), *modules):
        shutil.copy(path, sources)
    for room in ROOMS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(command.ROOT / room, sources / room, ignore=ignored)
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, sources)
    (wheel,) = folder.glob("diya-*.whl")
    return wheel


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """The clone, ready for the three lines."""
    base = tmp_path_factory.mktemp("user")
    wheel = built_wheel(tmp_path_factory.mktemp("wheel"))
    folder, environment = base / "concierge-of-mine", base / "venv"
    shutil.copytree(
        SAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__", "runs", ".*_cache")
    )
    run(sys.executable, "-m", "venv", environment)
    python = environment / "bin" / "python"
    packages = Path(sysconfig.get_path("purelib"))
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    (environment / "lib" / version / "site-packages" / "ours.pth").write_text(f"{packages}\n")
    # Ours is there too, as an editable one without its modules: the wheel is put before it.
    run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall", wheel)
    script = environment / "bin" / "pytest"
    script.write_text(f"#!{python}\nimport sys\nimport pytest\nsys.exit(pytest.console_main())\n")
    script.chmod(0o755)
    (folder / "vendor").mkdir()
    shutil.copy(wheel, folder / "vendor")
    return Clone(folder, environment, f"./vendor/{wheel.name}[ci]")


@pytest.fixture(scope="module")
def installed(clone: Clone) -> Clone:
    """After the first line."""
    finished = clone.type(documented_lines()[0])
    assert finished.returncode == 0, finished.stdout + finished.stderr
    found = clone.type("python -c 'import harness; print(harness.__file__)'").stdout
    assert found.startswith(str(clone.environment)), found
    return clone


def assert_three_passed(clone: Clone, line: str) -> None:
    """The last line; its two runs go side by side, and both serve the repository's own agent."""
    out = clone.folder / "runs"
    shutil.rmtree(out, ignore_errors=True)
    finished = clone.type(line, PYTEST_ADDOPTS="-n 2 -p no:cacheprovider -p no:valkey")
    assert "3 passed" in finished.stdout, finished.stdout + finished.stderr
    runs = list(out.glob("*/run.json"))
    assert len(runs) == 2
    for path in runs:
        text = path.read_text()
        assert '"app": "concierge"' in text
        assert "the agent's own" in text


@pytest.mark.run
def test_it_passes_in_processes(installed: Clone) -> None:
    assert_three_passed(installed, documented_lines()[2])


@pytest.mark.slow
@pytest.mark.service
def test_the_job_of_the_gitlab_workflow_installs_the_repository_and_finds_its_tests(
    clone: Clone,
) -> None:
    workflow = yaml.safe_load((command.ROOT / "deploy" / "ci" / "gitlab-ci.yml").read_text())
    # The step between them downloads the baseline from a GitLab server.
    install, folder, _, test = workflow["readiness"]["script"]
    # To make a wheel of the repository pip fetches setuptools, as for ours.
    done = clone.type(install, PIP_NO_INDEX="0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"$DIYA_PACKAGE"' in install
    found = clone.type("cd / && python -c 'import concierge, harness; print(harness.__file__)'")
    assert found.stdout.startswith(str(clone.environment)), found
    assert clone.type(folder).returncode == 0
    only = clone.type(test, PYTEST_ADDOPTS="--collect-only -p no:cacheprovider -p no:valkey")
    assert "3 tests collected" in only.stdout, only.stdout + only.stderr


THEIRS = """
import pytest

def test_the_repositorys_packages_are_its_own():
    import chaos, harness, loadtests, reports.daily, target_service
    assert {chaos.OWNER, harness.OWNER, loadtests.OWNER, target_service.OWNER} == {"the repository"}
    assert reports.daily.TITLE == "Tables today"

@pytest.mark.readiness(profile="load/evening.toml", replicas=2, sessions="bookings.kept:sessions")
def test_bookings_survive_a_slow_network(readiness):
    with readiness.running() as run:
        run.network_latency(at="2s")
    run.expect("continuity == 100%")
    from reports.daily import TITLE
    assert TITLE == "Tables today"
"""
SESSIONS = """
from reports.daily import TITLE
from target_service import RedisSessionService

def sessions(uri, ttl_seconds):
    assert TITLE == "Tables today"
    return RedisSessionService(uri, ttl_seconds=ttl_seconds)
"""


@pytest.mark.run
def test_a_repository_may_have_packages_of_our_names(clone: Clone, tmp_path: Path) -> None:
    folder = tmp_path / "busy"
    shutil.copytree(clone.folder, folder, ignore=shutil.ignore_patterns("runs"))
    for room in ROOMS:
        (folder / room).mkdir()
        (folder / room / "__init__.py").write_text('OWNER = "the repository"\n')
    (folder / "reports" / "daily.py").write_text('TITLE = "Tables today"\n')
    (folder / "bookings").mkdir()
    (folder / "bookings" / "__init__.py").touch()
    (folder / "bookings" / "kept.py").write_text(SESSIONS)
    (folder / "tests" / "test_concierge.py").write_text(THEIRS)
    busy = replace(clone, folder=folder)
    # Their packages come before ours in every way that there is.
    options = {"PYTHONPATH": ".", "PYTEST_ADDOPTS": "-p no:cacheprovider -p no:valkey"}
    finished = busy.type("python -m pytest", **options)
    assert "2 passed" in finished.stdout, finished.stdout + finished.stderr
    listed = busy.type("diya profile list", **options)
    assert "smoke" in listed.stdout, listed.stderr


def test_without_an_image_the_default_is_built_from_the_wheel(
    installed: Clone, engine: Any, local_images: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIYA_BASE_IMAGE", local_images.PYTHON)
    name = f"diya-test/from-wheel-{secrets.token_hex(4)}:latest"
    build = (
        "from chaos.containers import engine, service_image; "
        f"service_image.SERVICE = '{name}'; "
        "engine.ensure(engine.connect(), {'service': service_image.SERVICE}, print); "
        "print(*sorted(service_image._context()), sep='\\n')"
    )
    try:
        finished = installed.type(f'python -c "{build}"')
        assert finished.returncode == 0, finished.stdout + finished.stderr
        first, *names = finished.stdout.splitlines()
        assert first.startswith(f"building {name} of the sources in {installed.environment}")
        assert names == sorted(service_image._context())
        assert has_image(engine, name)
    finally:
        if has_image(engine, name):
            engine.images.remove(name, force=True)


@pytest.fixture(scope="module")
def own_image(installed: Clone, local_images: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The repository's image, by the second line."""
    # The user's base image is replaced by ours, so the build needs no registry.
    folder = tmp_path_factory.mktemp("base")
    (folder / "Dockerfile").write_text(f"FROM {local_images.SERVICE}\nUSER root\n")
    local_images.build(folder, BASE)
    _, build, _ = documented_lines()
    more = f"--build-arg BASE={BASE} --build-arg DIYA_PACKAGE"
    named = build.replace("my-agent", f"{IMAGE} {more}")
    built = installed.type(named)
    assert built.returncode == 0, built.stdout + built.stderr
    return IMAGE


def test_it_passes_in_containers_of_its_own_image(
    installed: Clone, own_image: str, local_images: Any
) -> None:
    _, _, test = documented_lines()
    images = f"--diya-redis-image {local_images.REDIS} --diya-envoy-image {local_images.ENVOY}"
    assert_three_passed(
        installed, f"{test} --diya-env containers --diya-image {own_image} {images}"
    )
    assert tidy.left(*tidy.run_ids(installed.folder / "runs")) == []


def test_its_own_compose_project_loses_an_agent_and_is_as_it_was(
    installed: Clone, own_image: str, local_images: Any, tmp_path: Path
) -> None:
    tools.require("docker-compose")
    name, port = f"concierge{secrets.token_hex(4)}", free_port()
    file = "staging/docker-compose.yml"
    of_project = f"{shlex.join(compose.command())} --project-name {name} --file {file}"
    variables = {
        "CONCIERGE_IMAGE": own_image,
        "REDIS_IMAGE": local_images.REDIS,
        "ENVOY_IMAGE": local_images.ENVOY,
        "DOOR_PORT": str(port),
    }
    try:
        begun = installed.type(f"{of_project} up --detach", **variables)
        assert begun.returncode == 0, begun.stdout + begun.stderr
        url = f"http://127.0.0.1:{port}/list-apps"
        command.wait_until(lambda: shop.answering(url), 90, "an agent answers through the door")
        before = shop.state(name, SERVICES)
        finished = installed.type(
            f"diya readiness --env compose --compose-file {file} --project-name {name} "
            "--service agent=concierge --service balancer=door --service redis=guestbook "
            "--health-path /readyz --ttl 15 --app concierge --journeys load/guests.toml "
            "--profile load/evening.toml --no-rehearsal --seed 5 "
            f"--experiment staging/lose-a-concierge.yaml --out {tmp_path}"
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr
        assert shop.state(name, SERVICES) == before
    finally:
        installed.type(f"{of_project} down --volumes --timeout 2", **variables)
    run_dir = command.only_run(tmp_path)
    result = json.loads((run_dir / "result.json").read_text())
    (fault,) = result["faults"]
    assert (result["verdict"], fault["fault"]) == ("GO", "kill-replica")
    assert (fault["took_hold"], fault["error"]) == (True, None)
    assert fault["recovered_at"] is not None
    passed = {gate["name"] for gate in result["gates"] if gate["status"] == "pass"}
    assert {"continuity.lost", "validity.replicas", "memory.keys"} <= passed
