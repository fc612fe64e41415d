"""An agent that the user brings: refused before anybody is served when it is none."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from google.adk.plugins.base_plugin import BasePlugin
from google.adk.sessions import InMemorySessionService

from target_service.server import adk_server, own_agent
from target_service.settings import SettingsError, from_environment

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("sulky", "raise RuntimeError('no key')", "RuntimeError: .*no key"),
        ("nobody", "agent = None", "No root_agent found"),
        ("hy-phen", "root_agent = None", "Invalid agent name"),
    ],
)
def test_an_agent_that_cannot_be_served_is_refused_with_its_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, said: str
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))  # ADK puts the folder on it
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "agent.py").write_text(text)
    with pytest.raises(SettingsError, match=f"DIYA_AGENT is '{folder}': .*{said}") as refused:
        own_agent.load(folder)
    assert "\n" not in str(refused.value)


@pytest.mark.service
@pytest.mark.slow
def test_litellm_is_imported_before_the_first_turn(tmp_path: Path) -> None:
    pytest.importorskip("litellm")
    folder = tmp_path / "lite"
    folder.mkdir()
    (folder / "__init__.py").write_text("from . import agent\n")
    (folder / "agent.py").write_text(
        "from google.adk.agents import Agent\n"
        "from google.adk.models.lite_llm import LiteLlm\n"
        "root_agent = Agent(name='lite', model=LiteLlm('openai/gpt-4o-mini'))\n"
    )
    code = (
        "import sys; from pathlib import Path; from target_service.server import own_agent;"
        f"own_agent.load(Path({str(folder)!r})); print('litellm' in sys.modules)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert finished.stdout.split()[-1] == "True"


def test_a_folder_without_an_agent_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"agent\.py or root_agent\.yaml, got"):
        own_agent.load(tmp_path)


def test_the_agents_folder_names_the_app(tmp_path: Path) -> None:
    settings = from_environment({"DIYA_AGENT": str(tmp_path / "concierge")})
    assert settings.default_app == "concierge"
    assert from_environment({}).agent is None


SAYS = """
from google.adk.agents import LlmAgent
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_response import LlmResponse
from google.genai import types

class Echo(BaseLlm):
    model: str = "echo"
    async def generate_content_async(self, llm_request, stream=False):
        part = types.Part(text="Hello from " + __name__)
        yield LlmResponse(content=types.Content(role="model", parts=[part]))

root_agent = LlmAgent(name="greeter", model=Echo())
"""
PARENT = """
agent_class: LlmAgent
name: desk
model: gemini-2.5-flash
description: hands over
instruction: Hand over.
sub_agents:
  - config_path: child.yaml
  - config_path: deeper/other.yaml
"""
CHILD = """
agent_class: LlmAgent
name: {name}
model: gemini-2.5-flash
description: answers
instruction: Answer.
"""


@contextlib.asynccontextmanager
async def _nothing(_: FastAPI) -> AsyncIterator[None]:
    yield


def serve(
    folder: Path, *asked: tuple[str, str, Any], plugins: Sequence[BasePlugin] = ()
) -> list[Any]:
    """The answers of a server of the agent to these requests."""
    own_agent.load(folder)
    sessions = InMemorySessionService()
    app = adk_server.create(folder, sessions, _nothing, single=True, plugins=plugins)

    async def ask() -> list[Any]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://agent") as client:
            answers = [
                await client.request(method, path, json=body) for method, path, body in asked
            ]
        return [answer.json() for answer in answers]

    return asyncio.run(ask())


@pytest.mark.parametrize("file", ["__init__.py", "agent.py"])
def test_a_root_agent_in_the_package_or_its_module_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    folder = tmp_path / f"greeter_{file.strip('_').partition('.')[0].strip('_')}"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / file).write_text(SAYS)
    (tmp_path / "neighbour").mkdir()
    (tmp_path / "neighbour" / "agent.py").write_text(SAYS)
    message = {"role": "user", "parts": [{"text": "Hi"}]}
    turn = {"appName": folder.name, "userId": "u", "sessionId": "s", "newMessage": message}
    apps, _, events = serve(
        folder,
        ("GET", "/list-apps", None),
        ("POST", f"/apps/{folder.name}/users/u/sessions", {"sessionId": "s"}),
        ("POST", "/run", turn),
    )
    assert apps == [folder.name], "the neighbours are nobody's to serve"
    assert events[-1]["content"]["parts"][0]["text"].startswith("Hello from greeter_")


@pytest.mark.filterwarnings("ignore")  # ADK's own, about its format
def test_agents_in_yaml_that_name_each_other_are_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    folder = tmp_path / "yaml_desk"
    (folder / "deeper").mkdir(parents=True)
    (folder / "root_agent.yaml").write_text(PARENT)
    (folder / "child.yaml").write_text(CHILD.format(name="child"))
    (folder / "deeper" / "other.yaml").write_text(CHILD.format(name="other"))
    assert serve(folder, ("GET", "/list-apps", None)) == [["yaml_desk"]]
