"""Why no call reached the stand-in: by the error, by the code, by requests it does not speak."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.errors import ChaosError
from harness.errors import ConfigError
from harness.run.model import model_reached
from harness.run.model.model_reached import StandInCalls, why

NO_MODULE = "ImportError: LiteLLM support requires: pip install google-adk[extensions]"


def write_agent(folder: Path, code: str) -> Path:
    agent = folder / "shop"
    agent.mkdir()
    (agent / "__init__.py").write_text("from . import agent\n")
    (agent / "agent.py").write_text(code)
    return agent


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "from x import y\nmodel = Gemini(model='g', base_url='http://10.0.0.1')\n",
            r"shop/agent\.py, line 2: has the address of its model in code",
        ),
        ("LiteLlm('openai/x', api_base=URL)\n", r"line 1: has the address of its model"),
        ("Gemini(use_interactions_api=True)\n", r"line 1: asks for the Interactions API"),
        ("Client(vertexai=True)\n", r"line 1: asks for Vertex AI in code"),
        ("# base_url='http://10.0.0.1'\n", r"its replies come from a model of its own"),
    ],
)
def test_the_reason_is_found_in_the_agents_code(tmp_path: Path, code: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        reached().check("app shop", write_agent(tmp_path, code), answered=True)
    assert "no call reached the model stand-in at http://127.0.0.1:9" in str(refused.value)
    assert "--model own" in str(refused.value)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of calls is fixed here: there is nothing to wait for."""
    monkeypatch.setattr(model_reached, "_LOGGED_S", 0.0)


def reached(calls: int = 0, unknown: tuple[str, ...] = ()) -> StandInCalls:
    return StandInCalls("http://127.0.0.1:9", lambda: calls, lambda: unknown)


@pytest.mark.parametrize(
    ("error", "unknown", "said"),
    [
        (NO_MODULE, (), "a package is missing"),
        ("ModuleNotFoundError: No module named 'litellm'", (), "a package is missing"),
        ("Missing Anthropic API Key", (), "neither Gemini nor of OpenAI's API"),
        ("HTTP 500", ("POST /v1beta/interactions",), "the Interactions API"),
        ("HTTP 500", ("POST /v1/responses",), "asks for POST /v1/responses"),
    ],
)
def test_the_reason_is_found_in_the_error_and_in_unknown_requests(
    error: str, unknown: tuple[str, ...], said: str
) -> None:
    assert said in (why(error, None, unknown) or "")
    sentence = reached(unknown=unknown).refusal("app shop", None, f"every turn fails: {error}")
    assert sentence is not None
    assert sentence.startswith("app shop: no call reached the model stand-in at ")
    assert f"every turn fails: {error}" in sentence
    assert said in sentence


def test_an_unknown_error_is_told_without_a_reason() -> None:
    assert why("HTTP 500: out of stock", None) is None


def test_a_service_that_fails_for_another_reason_is_not_refused_for_this_one() -> None:
    assert reached(calls=3).refusal("app shop", None, "every turn fails") is None
    reached(calls=3).check("app shop", None, answered=True)


def test_a_stand_in_that_does_not_answer_is_named() -> None:
    def gone() -> int:
        raise ChaosError("http://127.0.0.1:9: the model stand-in does not answer")

    with pytest.raises(ConfigError, match="does not answer; it must answer"):
        StandInCalls("http://127.0.0.1:9", gone, lambda: ()).check("app shop", None, answered=True)
