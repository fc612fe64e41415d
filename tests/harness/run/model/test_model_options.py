"""Which model answers, by the options: checked before a start, and played again the same."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from msgspec import UNSET

from harness import parser
from harness.errors import ConfigError
from harness.run import read_plan
from harness.run.model import model_options, stand_in
from harness.run.options import reproduce
from harness.run.plan import Plan
from reports.records.run_description import ModelDescription
from tests.harness.command import HERE

TINY = ("--profile", str(HERE / "tiny.toml"), "--seed", "7")
KEYS = ("GOOGLE_API_KEY", "GEMINI_API_KEY", "OPENAI_API_KEY", "DIYA_MODEL", "DIYA_MODEL_TOKEN")


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*KEYS, "GOOGLE_CLOUD_PROJECT", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def agent(tmp_path: Path) -> str:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "agent.py").write_text("root_agent = None\n")
    return str(folder)


def parsed(*words: str) -> argparse.Namespace:
    return parser.build().parse_args(["readiness", *TINY, *words])


def planned(*words: str) -> Plan:
    return read_plan.from_args(parsed(*words))


def test_an_agent_of_ones_own_gets_the_stand_in(agent: str) -> None:
    plan = planned("--agent", agent, "--latency", "0.3,140,0.4", "--tools", "track_order")
    assert plan.model.started_here
    assert plan.model.words == ("--latency", "0.3,140,0.4", "--tools", "all")
    assert model_options.replica_env(plan.model, plan.agent) == {"DIYA_TOOLS": "track_order"}
    assert plan.model_name == "stand-in, latency 0.3,140,0.4, tools track_order"
    described = plan.description().model
    assert described == ModelDescription(
        kind="stand-in", settings={"latency": "0.3,140,0.4", "tools": "track_order"}
    )


def test_shopmax_keeps_its_scripted_model_unless_it_is_asked_otherwise() -> None:
    plan = planned()
    assert plan.model.kind == "own"
    assert plan.model_name.startswith("scripted")
    assert plan.description().model is UNSET
    assert model_options.replica_env(plan.model, None) == {}


def test_shopmax_calls_the_stand_in_by_the_name_of_a_real_model() -> None:
    plan = planned("--model", "stand-in")
    real = {"DIYA_MODEL": "gemini-2.5-flash", "DIYA_TOOLS": "all"}
    assert model_options.replica_env(plan.model, None, {}) == real
    named = {"DIYA_MODEL": "gemini-3-flash", "DIYA_TOOLS": "all"}
    assert model_options.replica_env(plan.model, None, named) == named
    assert plan.model.words == ("--tools", "all")


def test_the_real_model_needs_a_key(agent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="--model real: the environment must have the key"):
        planned("--agent", agent, "--model", "real")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-a-key-of-ours")
    plan = planned("--agent", agent, "--model", "real")
    assert plan.model_name == "real"
    assert "sk-a-key" not in str(plan.description())


def test_a_key_in_the_agents_env_file_is_one(agent: str) -> None:
    Path(agent, ".env").write_text("# mine\nexport GOOGLE_API_KEY='k-123'\n")
    assert planned("--agent", agent, "--model", "real").model.kind == "real"


def test_no_tool_of_an_agent_runs_that_was_not_allowed(agent: str, tmp_path: Path) -> None:
    plan = planned("--agent", agent, "--recorded", str(tmp_path))
    assert plan.model_name == f"stand-in, recorded {tmp_path}, tools dry"
    env = {"DIYA_TOOLS": "dry", "DIYA_TOOL_ANSWERS": str(tmp_path)}
    assert model_options.replica_env(plan.model, plan.agent) == env
    assert plan.model.words == ("--replay", str(tmp_path), "--tools", "all")


def test_a_service_of_another_image_is_asked_for_allowed_tools_only() -> None:
    args = parsed("--env", "containers", "--image", "shop:1", "--model", "stand-in")
    chosen = model_options.choice(args, agent=None)
    assert chosen.words == ("--tools", "dry")
    assert "DIYA_TOOLS" not in model_options.replica_env(chosen, None)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--model", "stand-in", "--tools", "a b"), "--tools: must be `dry`, `all`, or names"),
        (("--latency", "quick"), "--latency quick: must come with --model stand-in"),
        (("--model", "real", "--tools", "all"), "--tools all: must come with --model stand-in"),
        (("--model-url", "http://127.0.0.1:1"), "--model-url .*: must not be given without a --t"),
        (
            ("--target", "http://127.0.0.1:1", "--model", "stand-in"),
            "--model stand-in: must not be given with a --target",
        ),
        (
            ("--target", "http://127.0.0.1:1", "--model-url", "shop"),
            "--model-url shop: must be the http",
        ),
        (
            ("--target", "http://127.0.0.1:1", "--model-url", "http://127.0.0.1:2"),
            "the environment must have DIYA_MODEL_TOKEN",
        ),
        (
            ("--env", "compose", "--model", "stand-in"),
            "--model stand-in: must not be given with --env compose",
        ),
        (("--model", "stand-in", "--latency", "soon"), "--latency: must be none, .*got 'soon'"),
        (
            ("--model", "stand-in", "--recorded", "no/such"),
            "--recorded no/such: must be a folder",
        ),
        (
            ("--model", "stand-in", "--quota", "gemini-2.5-flash-tier1"),
            r"--quota gemini-2.5-flash-tier1: must be .* \(did you mean gemini-2.5-flash-tier-1",
        ),
        (
            ("--target", "http://127.0.0.1:1", "--experiment", "model-brownout"),
            "--experiment model-brownout: must be none with --target; .* need --model-url",
        ),
    ],
)
def test_options_that_do_not_go_together_are_refused(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        planned(*words)


def test_a_stand_in_beside_a_target_is_named_by_its_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DIYA_MODEL_TOKEN", "a-token-of-24-characters")
    plan = planned("--target", "http://127.0.0.1:1", "--model-url", "http://127.0.0.1:2/")
    assert not plan.model.started_here
    assert plan.description().model == ModelDescription(
        kind="stand-in", url="http://127.0.0.1:2", settings={}
    )
    assert "a-token" not in str(plan.description())


def test_the_quota_of_a_run_begins_with_its_load_and_not_with_the_stand_in(agent: str) -> None:
    plan = planned("--agent", agent, "--quota", "500,250000")
    assert plan.model.words == ("--tools", "all")
    assert plan.model.quota is not None
    assert (plan.model.quota.requests, plan.model.quota.tokens) == (500, 250_000)
    of_a_run = stand_in.planned(plan.model, Path(agent), 0.0)
    at_once = stand_in.planned(plan.model, Path(agent), 0.0, quota_at_once=True)
    assert of_a_run is not None
    assert at_once is not None
    assert of_a_run.arguments == ("--tools", "all")
    assert at_once.arguments == ("--tools", "all", "--quota", "500,250000")


def test_faults_of_the_model_are_drawn_beside_a_target(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIYA_MODEL_TOKEN", "a-token-of-24-characters")
    url = ("--target", "http://127.0.0.1:1", "--model-url", "http://127.0.0.1:2")
    plan = planned(*url, "--experiment", "random:3")
    assert plan.experiment is not None
    assert {step.make().area for step in plan.experiment.faults} == {"model"}


def test_faults_of_the_wire_are_drawn_for_a_stand_in(agent: str) -> None:
    drawn: set[str] = set()
    for seed in range(30):
        plan = planned("--agent", agent, "--experiment", f"random:{seed}", "--profile", "diwali")
        assert plan.experiment is not None
        drawn |= {step.make().kind for step in plan.experiment.faults}
    assert {"model-garbage", "model-unfinished-streams", "model-errors"} <= drawn
    assert "kill-streaming" not in drawn


@pytest.mark.parametrize(
    "words",
    [
        ("--model", "own"),
        ("--model", "stand-in", "--latency", "quick", "--tools", "all", "--quota", "500,250000"),
    ],
)
def test_the_command_chooses_the_same_model_again(words: tuple[str, ...]) -> None:
    told = reproduce.command(parsed(*words), seed=7, experiment="none", environment={})
    assert read_plan.from_args(parser.build().parse_args(told[1:])).model == planned(*words).model


STORED = ModelDescription(kind="stand-in", settings={"latency": "quick", "tools": "all"})


@pytest.mark.parametrize(
    ("words", "stored", "agent", "wanted"),
    [
        ((), STORED, None, ("stand-in", "quick", "all")),
        (("--latency", "none"), STORED, None, ("stand-in", "none", "all")),
        (("--model", "own"), STORED, "/an/agent", ("own", None, None)),
        ((), UNSET, "/an/agent", ("own", None, None)),
        ((), UNSET, None, (None, None, None)),
    ],
)
def test_a_replay_has_the_model_of_its_run(
    words: tuple[str, ...],
    stored: ModelDescription,
    agent: str | None,
    wanted: tuple[str | None, ...],
) -> None:
    found = model_options.filled_in(parsed(*words), stored, agent)
    assert (found["model"], found["latency"], found["tools"]) == wanted
