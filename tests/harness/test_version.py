"""`diya --version`."""

from __future__ import annotations

import tomllib

import pytest

from tests.harness import command

pytestmark = pytest.mark.service

PROJECT = tomllib.loads((command.ROOT / "pyproject.toml").read_text())["project"]


def test_the_version_is_that_of_the_package() -> None:
    finished = command.run("--version")
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout == f"diya {PROJECT['version']}\n"
