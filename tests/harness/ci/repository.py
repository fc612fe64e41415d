"""A user's repository in a temporary folder, and pytest run in it as its user would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.harness import command

TINY = str(command.HERE / "tiny.toml")
FLAGS = ("-p", "no:locust", "-p", "no:cacheprovider", "-rA")


def write(folder: Path, test: str) -> Path:
    """A repository with one file of tests."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_it.py").write_text("import pytest\n\n" + test)
    return folder


def invocation(*arguments: str) -> list[str]:
    """The command line of pytest."""
    return [sys.executable, "-m", "pytest", *FLAGS, *arguments]


def environment(**variables: str) -> dict[str, str]:
    """Ours, without what pytest and CI systems have put there."""
    ours = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "GITHUB_"))}
    # The defects are modules of ours; a repository's own stand in its folder.
    return {**ours, "PYTHONPATH": str(command.ROOT), **variables}


def pytest(
    folder: Path, *arguments: str, timeout: float = 110, **variables: str
) -> subprocess.CompletedProcess[str]:
    """The finished pytest."""
    return subprocess.run(
        invocation(*arguments),
        cwd=folder,
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
