"""`--checkout DIR`: the replicas run the service of another release."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import diya_start
from harness import parser
from harness.errors import ConfigError
from harness.run import read_plan
from harness.run.options import checkout
from harness.run.plan import Plan
from reports.records.run_description import EnvironmentDescription
from tests.harness import command


def planned(*words: str) -> Plan:
    arguments = ["readiness", "--profile", "smoke", *words]
    return read_plan.from_args(parser.build().parse_args(arguments))


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A checkout with an environment of its own, in which ADK is older."""
    folder = tmp_path / "old"
    packages = folder / ".venv/lib/python3.11/site-packages"
    for path in (
        folder / "target_service",
        folder / ".venv/bin",
        packages / "google_adk.dist-info",
    ):
        path.mkdir(parents=True)
    for path in (
        folder / "diya_start.py",
        folder / "target_service/__main__.py",
        folder / ".venv/bin/python",
    ):
        path.touch()
    (packages / "google_adk.dist-info/METADATA").write_text("Name: google-adk\nVersion: 2.12.0\n")
    return folder


def test_the_replicas_run_the_service_of_the_checkout(release: Path) -> None:
    plan = planned("--checkout", str(release))
    words = checkout.command(plan.checkout)
    assert words[0] == str(release / ".venv/bin/python")
    assert str(release / "diya_start.py") in words
    assert words[-1] == "target_service"
    assert not {sys.executable, diya_start.__file__} & set(words)
    assert str(release) in plan.command
    assert plan.description().checkout == str(release)


def test_without_an_environment_the_checkout_runs_on_the_packages_of_this_release() -> None:
    words = checkout.command(command.ROOT.parent / "nowhere")
    assert words[0] == sys.executable


def test_the_versions_are_those_that_the_replicas_import(release: Path) -> None:
    ours = EnvironmentDescription(versions={"google-adk": "2.13.0", "locust": "2.47.0"})
    found = checkout.with_versions(ours, release)
    assert found.versions == {"google-adk": "2.12.0", "locust": "2.47.0"}
    assert checkout.with_versions(ours, None) == ours


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "must be a checkout of diya, but it has no diya_start.py"),
        (("--target", "http://127.0.0.1:9"), "must not be given with --target or --env"),
    ],
)
def test_a_folder_that_cannot_be_played_is_refused(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        planned("--checkout", str(tmp_path), *words)
