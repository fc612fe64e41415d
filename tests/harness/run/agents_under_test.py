"""Small agents as users write them, made in a folder of a test."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import command

TOOL = '''
def track_order(order_id: str) -> dict:
    """Tell where an order is.

    Args:
        order_id: the number of the order, such as ORD-58291.
    """
    return {"order": order_id, "status": "shipped"}

'''
GEMINI = (
    "from google.adk.agents import Agent\n"
    f"{TOOL}"
    "root_agent = Agent(name='shop', model='gemini-2.5-flash', instruction='Help.',\n"
    "                   tools=[track_order])\n"
)
WITH_ADDRESS = (
    "from google.adk.agents import Agent\n"
    "from google.adk.models.google_llm import Gemini\n"
    "model = Gemini(model='gemini-2.5-flash', base_url='http://127.0.0.1:9')\n"
    "root_agent = Agent(name='shop', model=model, instruction='Help.')\n"
)
INTERACTIONS = (
    "from google.adk.agents import Agent\n"
    "from google.adk.models.google_llm import Gemini\n"
    "model = Gemini(model='gemini-2.5-flash', use_interactions_api=True)\n"
    "root_agent = Agent(name='shop', model=model, instruction='Help.')\n"
)
WITHOUT_PACKAGE = (
    "import a_package_that_nobody_has\n"
    "from google.adk.agents import Agent\n"
    "root_agent = Agent(name='shop', model='gemini-2.5-flash', instruction='Help.')\n"
)
WITHOUT_MODEL = (
    "from google.adk.agents import Agent\n"
    "from google.genai import types\n"
    "def say(callback_context):\n"
    "    return types.Content(role='model', parts=[types.Part(text='We are closed.')])\n"
    "root_agent = Agent(name='shop', model='gemini-2.5-flash', before_agent_callback=say)\n"
)

TALKATIVE = """
import os
from google.adk.agents import Agent
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_response import LlmResponse
from google.genai import types

class Own(BaseLlm):
    model: str = "own"

    async def generate_content_async(self, llm_request, stream=False):
        print("my key is", os.environ["OPENAI_API_KEY"])
        if os.environ.get("SHOP_FAILS"):
            raise ValueError("the model refused " + os.environ["OPENAI_API_KEY"])
        yield LlmResponse(content=types.Content(role="model", parts=[types.Part(text="Yes.")]))

root_agent = Agent(name="shop", model=Own(), instruction="Help.")
"""
"""It logs its key, and tells it in an error."""


def write(folder: Path, code: str) -> Path:
    """The folder of an agent with this code."""
    agent = folder / "shop"
    agent.mkdir(parents=True)
    (agent / "__init__.py").write_text("from . import agent\n")
    (agent / "agent.py").write_text(code)
    return agent


@contextlib.contextmanager
def target_beside_its_model(
    agent: Path, monkeypatch: pytest.MonkeyPatch, *options: str
) -> Iterator[tuple[str, ...]]:
    """The options of a run against `diya up` with this agent, and with its model stand-in.

    The token of the stand-in is in the environment, as DIYA_MODEL_TOKEN.
    """
    up = command.start(
        *("up", "--replicas", "2", "--redis", "bundled", "--agent", str(agent), "--ttl", "60"),
        *options,
    )
    try:
        assert up.stdout is not None
        told = [up.stdout.readline() for _ in range(6)]
        addresses = {words[0]: words[1] for words in map(str.split, told) if len(words) > 1}
        (token,) = re.findall(r"DIYA_MODEL_TOKEN=([\w-]+)", "".join(told))
        monkeypatch.setenv("DIYA_MODEL_TOKEN", token)
        yield (
            *("readiness", "--profile", str(command.HERE / "tiny.toml"), "--seed", "3"),
            *("--target", addresses["balancer"], "--model-url", addresses["model"]),
            *("--app", "shop", "--ttl", "60"),
        )
    finally:
        up.terminate()
        up.communicate(timeout=30)
