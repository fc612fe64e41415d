"""The environment alone makes an unmodified agent call the stand-in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from target_service.model.witness import digest
from target_service.stand_in.environment import variables
from tests.target_service.stand_in import servers

AGENT = '''
"""An agent as its owner wrote it."""
from google.adk.agents import Agent
{imports}

def track_order(order_id: str) -> dict:
    """Tell where an order is."""
    return {{"order": order_id, "status": "shipped"}}


root_agent = Agent(
    name="shop", model={model}, instruction="Use track_order.", tools=[track_order]
)
'''
PLAY = """
import asyncio
from google.adk.agents.run_config import RunConfig, StreamingMode
from google.adk.runners import InMemoryRunner
from google.genai import types
from agent import root_agent

async def play(mode):
    runner = InMemoryRunner(agent=root_agent, app_name="shop")
    session = await runner.session_service.create_session(app_name="shop", user_id="u")
    config = RunConfig(streaming_mode=mode)
    for text in ("Where is my order?", "And when does it come?"):
        said = types.Content(role="user", parts=[types.Part(text=text)])
        async for event in runner.run_async(
            user_id="u", session_id=session.id, new_message=said, run_config=config
        ):
            if event.is_final_response() and event.content:
                print("".join(part.text or "" for part in event.content.parts))

for mode in (StreamingMode.NONE, StreamingMode.SSE):
    asyncio.run(play(mode))
"""
GEMINI = AGENT.format(imports="", model='"gemini-2.5-flash"')
LITELLM = AGENT.format(
    imports="from google.adk.models.lite_llm import LiteLlm",
    model='LiteLlm("openai/gpt-4o-mini")',
)


@pytest.mark.slow
@pytest.mark.service
@pytest.mark.parametrize(
    ("agent", "dialect"),
    [(GEMINI, "gemini"), (LITELLM, "openai")],
    ids=["gemini", "litellm"],
)
def test_an_unmodified_agent_talks_to_the_stand_in(
    stand_in: servers.Client, tmp_path: Path, agent: str, dialect: str
) -> None:
    (tmp_path / "agent.py").write_text(agent)
    before = len(stand_in.calls())
    # A proxy that does not exist: no call may take the way through it.
    proxy = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy"), "http://127.0.0.1:9")
    told = variables(stand_in.url, "diya-r05", {"NO_PROXY": "example.com"})
    finished = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PLAY],
        cwd=tmp_path,
        env={**os.environ, **proxy, **told},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
    assert finished.stdout.count("ORD-58291") == 4
    calls = stand_in.calls(before)
    assert [(call["answer"], call["steps"]) for call in calls] == [("call", ""), ("text", "CR")] * 4
    assert {call["dialect"] for call in calls} == {dialect}
    assert {(call["agent"], call["caller"]) for call in calls} == {("shop", "r05")}
    messages = [digest("Where is my order?"), digest("And when does it come?")]
    assert [call["messages"] for call in calls] == [
        *(messages[:1], messages[:1], messages, messages) * 2
    ]
    if dialect == "gemini":
        # Each call of the tool was signed, and its signature came back in every later request.
        assert [call["signatures"]["returned"] for call in calls] == [0, 1, 1, 2] * 2
        assert not any(call["signatures"]["changed"] for call in calls)


def test_an_own_env_file_can_fill_nothing_in() -> None:
    told = variables("http://127.0.0.1:8400/", "diya-r01", {})
    assert told["GOOGLE_GENAI_USE_VERTEXAI"] == "0"
    assert told["OPENAI_BASE_URL"] == "http://127.0.0.1:8400/v1"
    assert told["NO_PROXY"] == "127.0.0.1"


def test_the_hosts_that_need_no_proxy_already_are_kept() -> None:
    told = variables("http://172.20.0.1:8400", "k", {"no_proxy": "redis.internal"})
    assert told["NO_PROXY"] == told["no_proxy"] == "redis.internal,172.20.0.1"
