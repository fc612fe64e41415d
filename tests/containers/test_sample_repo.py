"""A user's repository (`tests/sample_repo`), cloned and tested with the README's three lines.

The environment is a new one, into which a wheel of diya is installed: what the wheel lacks, its
user lacks.  The packages that diya requires are not downloaded again: they are looked up in the
environment of these tests.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.containers import tidy
from tests.harness import command
from tests.harness.ci import repository

SAMPLE = command.ROOT / "tests" / "sample_repo"
BASE = "diya-test/with-diya:local"
IMAGE = "diya-test/concierge:local"
ROOMS = ("target_service", "loadtests", "chaos", "reports", "harness")


def readme_lines() -> list[str]:
    """What the README tells a user to type: install, build, test."""
    text = (command.ROOT / "README.md").read_text()
    block = re.search(r"```\n(pip install 'diya\[ci\]'.*?)```", text, re.DOTALL)
    assert block, "the README does not say how to install diya[ci]"
    lines = [line.partition("  #")[0].strip() for line in block[1].splitlines()]
    assert [line.split()[0] for line in lines] == ["pip", "docker", "pytest"]
    return lines


@dataclass(frozen=True)
class Clone:
    """A clean copy of the repository, and an environment of its own with diya in it."""

    folder: Path
    environment: Path
    wheel: Path

    def type(self, line: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """What the user types, in the environment."""
        environ = repository.environment(
            PATH=f"{self.environment / 'bin'}{os.pathsep}{os.environ['PATH']}",
            PIP_NO_INDEX="1",
            DOCKER_BUILDKIT="0",
            **variables,
        )
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
    sources = folder / "sources"
    sources.mkdir()
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(command.ROOT / name, sources)
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
    return Clone(folder, environment, wheel)


@pytest.fixture(scope="module")
def installed(clone: Clone) -> Clone:
    """After the first line."""
    finished = clone.type(readme_lines()[0])
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


def test_it_passes_in_processes(installed: Clone) -> None:
    assert_three_passed(installed, readme_lines()[2])


def test_it_passes_in_containers_of_its_own_image(
    installed: Clone, local_images: Any, tmp_path: Path
) -> None:
    # What a user's base image is to this one is ours with diya in it: no registry need be there.
    shutil.copy(installed.wheel, tmp_path)
    (tmp_path / "Dockerfile").write_text(
        f"FROM {local_images.SERVICE}\nUSER root\nCOPY {installed.wheel.name} /\n"
        f"RUN python3 -m pip install --quiet --no-deps /{installed.wheel.name}\n"
    )
    local_images.build(tmp_path, BASE)
    _, build, test = readme_lines()
    named = build.replace("my-agent", f"{IMAGE} --build-arg BASE={BASE}")
    built = installed.type(named)
    assert built.returncode == 0, built.stdout + built.stderr
    images = f"--diya-redis-image {local_images.REDIS} --diya-envoy-image {local_images.ENVOY}"
    assert_three_passed(installed, f"{test} --diya-env containers --diya-image {IMAGE} {images}")
    assert tidy.left(*tidy.run_ids(installed.folder / "runs")) == []
