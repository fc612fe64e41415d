"""Without `--model`, an agent whose model is a local class of its own answers itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import parser
from harness.run.model import model_options
from tests.harness.run import agents_under_test as agents

LOCAL = """
from google.adk.agents import Agent
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_response import LlmResponse
from google.genai import types

class Fixed(BaseLlm):
    model: str = "fixed"

    async def generate_content_async(self, llm_request, stream=False):
        yield LlmResponse(content=types.Content(role="model", parts=[types.Part(text="Yes.")]))

root_agent = Agent(name="shop", model=Fixed(), instruction="Help.")
"""


def choice(tmp_path: Path, code: str, *words: str) -> model_options.ModelChoice:
    agent = agents.write(tmp_path, code)
    args = parser.build().parse_args(["readiness", "--agent", str(agent), *words])
    return model_options.choice(args, agent=agent)


def test_a_model_that_works_in_its_process_answers_itself_and_the_user_is_told(
    tmp_path: Path,
) -> None:
    chosen = choice(tmp_path, LOCAL)
    assert chosen.kind == "own"
    assert "without a witness" in chosen.note


@pytest.mark.parametrize(
    "added",
    [
        "import httpx",
        "import urllib.request",
        "import os",
        "from google import genai",
        "from google.adk.models.lite_llm import LiteLlm",
        "from google.adk.models import Gemini",
        "from google.adk import models",
        "helper = Agent(name='helper', model='gemini-2.5-flash')",
        "helper = Agent(name='helper', model=anything)",
        "exec('import socket')",
        "def",
    ],
)
def test_an_agent_that_may_reach_another_model_gets_the_stand_in(
    tmp_path: Path, added: str
) -> None:
    chosen = choice(tmp_path, f"{LOCAL}\n{added}\n")
    assert (chosen.kind, chosen.note) == ("stand-in", "")


def test_an_agent_without_a_model_class_gets_the_stand_in(tmp_path: Path) -> None:
    assert choice(tmp_path, agents.WITHOUT_MODEL).kind == "stand-in"


@pytest.mark.parametrize("words", [("--model", "stand-in"), ("--latency", "0.2,50,0.3")])
def test_the_stand_in_is_chosen_when_it_is_asked_for(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    assert choice(tmp_path, LOCAL, *words).kind == "stand-in"
