"""An agent whose model the stand-in cannot take the place of is refused, with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness import command
from tests.harness.run import agents_under_test as agents

pytestmark = pytest.mark.service


def refused(tmp_path: Path, code: str) -> str:
    """The sentence with which the run of such an agent ended before any load."""
    agent = agents.write(tmp_path, code)
    out = tmp_path / "runs"
    words = ("--replicas", "1", "--redis", "bundled", "--experiment", "none", "--seed", "3")
    profile = ("--profile", str(command.HERE / "tiny.toml"))
    finished = command.run("readiness", *profile, *words, "--agent", str(agent), "--out", str(out))
    assert finished.returncode == 104, finished.stderr
    assert not list(out.iterdir()), "a run directory was left"
    assert "Traceback" not in finished.stderr
    return finished.stderr.splitlines()[-1]


@pytest.mark.slow
def test_a_base_url_in_code_is_named(tmp_path: Path) -> None:
    sentence = refused(tmp_path, agents.WITH_ADDRESS)
    assert "app shop: no call reached the model stand-in at http://127.0.0.1:" in sentence
    assert "shop/agent.py, line 3: has the address of its model in code" in sentence


@pytest.mark.slow
def test_the_interactions_api_is_named(tmp_path: Path) -> None:
    sentence = refused(tmp_path, agents.INTERACTIONS)
    assert "no call reached the model stand-in" in sentence
    assert "Interactions API" in sentence


@pytest.mark.slow
def test_a_missing_package_is_named(tmp_path: Path) -> None:
    assert "No module named 'a_package_that_nobody_has'" in refused(
        tmp_path, agents.WITHOUT_PACKAGE
    )


@pytest.mark.slow
def test_replies_that_need_no_model_are_no_proof(tmp_path: Path) -> None:
    sentence = refused(tmp_path, agents.WITHOUT_MODEL)
    assert "turns are answered without it; its replies come from a model of its own" in sentence
    assert "--model own plays it" in sentence


def test_a_bad_latency_is_refused(tmp_path: Path) -> None:
    agent = agents.write(tmp_path, agents.GEMINI)
    finished = command.run_here("readiness", "--agent", str(agent), "--latency", "soon")
    assert finished.returncode == 104
    assert "--latency" in finished.stderr
    assert "soon" in finished.stderr
