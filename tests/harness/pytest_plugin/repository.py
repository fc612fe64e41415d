"""A user's repository in a temporary folder, and pytest run in it as its user would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.harness import command

TINY = str(command.HERE / "tiny.toml")
TALK = str(command.HERE / "pytest_plugin" / "talk.toml")
THE_ISSUES = """
@pytest.mark.readiness(profile="smoke")
def test_survives_a_redis_restart(readiness):
    with readiness.running() as run:
        run.restart("redis", at="10s")
        run.kill("replica", at="15s")
    run.expect("continuity == 100%")
    run.expect("p99 < 1.5s", phase="steady")
    run.expect("recovery < 5s", fault="redis")
"""
"""The test of `docs/ci.md`, to the letter."""
GOOD = f"""
@pytest.mark.readiness(profile={TINY!r}, replicas=2, seed=7)
def test_good(readiness):
    with readiness.running() as run:
        run.restart("redis", at="2s")
        run.kill("replica", at="4s")
    run.expect("continuity == 100%")
    run.expect("recovery < 20s", fault="redis")
"""
FORGETFUL = f"""
@pytest.mark.readiness(profile={TINY!r}, replicas=2, seed=7, sessions="memory")
def test_forgetful(readiness):
    with readiness.running() as run:
        pass
    run.expect("continuity == 100%")
"""
NO_PERSISTENCE = f"""
@pytest.mark.readiness(profile={TALK!r}, replicas=2, seed=7, aof="off")
def test_no_persistence(readiness):
    with readiness.running() as run:
        run.restart("redis", at="6s")
    run.expect("continuity == 100%")
"""
PLAIN = f"""
@pytest.mark.readiness(profile={TINY!r}, replicas=1)
def test_plain(readiness):
    with readiness.running():
        pass
"""
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
    """Our environment without the variables of pytest and of CI systems."""
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


def convictions(said: str) -> int:
    """How many tests failed because turns were lost."""
    sentence = r"^E +AssertionError: expected continuity == 100%: was continuity"
    return len(re.findall(sentence, said, re.MULTILINE))


def passed_or_late(said: str, name: str) -> bool:
    """Whether the test passed, or a busy machine made it miss its seconds, and nothing else."""
    missed = re.search(r"^E +AssertionError: expected (p99|recovery) <", said, re.MULTILINE)
    return f"PASSED test_it.py::{name}" in said or bool(missed) or "run is INCONCLUSIVE" in said
