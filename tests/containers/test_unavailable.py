"""An environment without Docker or testcontainers: one sentence, not a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness import command
from tests.harness.pytest_plugin import repository

pytestmark = pytest.mark.service

SENTENCE = "containers need the packages docker and testcontainers: pip install 'diya[ci]'"


@pytest.fixture(params=["docker", "testcontainers"])
def without(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder for PYTHONPATH, with which one of the packages cannot be imported."""
    folder = tmp_path / "blocked"
    folder.mkdir()
    text = f'raise ModuleNotFoundError("No module named {request.param!r}")\n'
    (folder / f"{request.param}.py").write_text(text)
    return folder


@pytest.mark.parametrize("env", ["containers", "compose"])
def test_the_command_line_names_the_packages_to_install(
    env: str, without: Path, tmp_path: Path
) -> None:
    out = tmp_path / "runs"
    finished = subprocess.run(
        [*command.DIYA, "readiness", "--env", env, "--profile", "smoke", "--out", str(out)],
        cwd=command.ROOT,
        env={**os.environ, "PYTHONPATH": str(without)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (finished.returncode, finished.stderr.strip().splitlines()[-1]) == (
        104,
        f"diya: {SENTENCE}",
    )
    assert "Traceback" not in finished.stderr
    assert list(out.glob("*")) == []


@pytest.mark.slow
def test_the_test_is_skipped_with_the_same_words_or_fails(without: Path, tmp_path: Path) -> None:
    repository.write(tmp_path, repository.PLAIN)
    path = os.pathsep.join((str(without), str(command.ROOT)))
    for require, outcome in (("0", "1 skipped"), ("1", "1 failed")):
        said = repository.pytest(
            tmp_path,
            "--diya-env",
            "containers",
            PYTHONPATH=path,
            DIYA_REQUIRE_DOCKER=require,
        ).stdout
        assert outcome in said, said
        assert SENTENCE in said


@pytest.mark.parametrize(
    "module",
    [
        "chaos.containers.container_fleet",
        "chaos.containers.compose_fleet",
        "chaos.containers.sweep",
    ],
)
def test_every_module_names_the_missing_packages(module: str, without: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", f"import {module}"],
        cwd=command.ROOT,
        env={**os.environ, "PYTHONPATH": str(without)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.stderr.strip().splitlines()[-1].endswith(f"ContainersUnavailable: {SENTENCE}")
