"""An agent's tools while a stand-in plays its model: only the allowed ones run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from target_service.server import tool_plugin
from target_service.server.tool_plugin import ToolPlugin
from target_service.settings import SettingsError, from_environment
from target_service.stand_in.replies import kept
from target_service.stand_in.replies.allowed import AllowedTools
from target_service.stand_in.replies.kept import KeptAnswer
from tests.target_service.conftest import StartReplica
from tests.target_service.test_own_agent import serve

pytestmark = pytest.mark.filterwarnings("ignore:The `plugins` argument:DeprecationWarning")
"""ADK itself uses it for agents that are tools."""

AGENT = """
from pathlib import Path

from google.adk.agents import LlmAgent
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_response import LlmResponse
from google.adk.tools.agent_tool import AgentTool
from google.genai import types
from typing_extensions import TypedDict

RAN = Path(__file__).with_name("ran.txt")
ARGS = {"pay": {"amount": 5.0}, "look_up": {"order_id": "A-1"}, "mail": {}, "post": {}}


class Receipt(TypedDict):
    number: str
    amount: float


def ran(name):
    with RAN.open("a") as file:
        file.write(name + "\\n")


def pay(amount: float) -> Receipt:
    "Pay."
    ran("pay")
    return {"number": "R-1", "amount": amount}


def look_up(order_id: str) -> dict:
    "Look it up."
    ran("look_up")
    return {"order": order_id}


def mail() -> str:
    "Send a mail."
    ran("mail")
    return "sent"


def post() -> str:
    "Send a letter."
    ran("post")
    return "sent"


class Caller(BaseLlm):
    model: str = "caller"

    async def generate_content_async(self, llm_request, stream=False):
        parts = [part for content in llm_request.contents for part in content.parts]
        done = [part.function_response.name for part in parts if part.function_response]
        left = [name for name in llm_request.tools_dict if name not in done]
        if left:
            args = ARGS.get(left[0], {"request": "Help"})
            part = types.Part(function_call=types.FunctionCall(name=left[0], args=args))
        else:
            part = types.Part(text="Done")
        yield LlmResponse(content=types.Content(role="model", parts=[part]))


helper = LlmAgent(name="helper", model=Caller(), description="Helps.", tools=[mail])
loner = LlmAgent(name="loner", model=Caller(), description="Alone.", tools=[post])
root_agent = LlmAgent(
    name="desk",
    model=Caller(),
    tools=[pay, look_up, AgentTool(helper), AgentTool(loner, include_plugins=False)],
)
"""


def write(folder: Path) -> Path:
    """The folder with the agent in it."""
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "agent.py").write_text(AGENT)
    return folder


def play(folder: Path, option: str | None, recording: Path | None = None) -> dict[str, Any]:
    """The answers of the tools in one turn, by name; `ran` has those that ran."""
    write(folder)
    plugins = [] if option is None else [ToolPlugin(AllowedTools.parse(option), recording)]
    message = {"role": "user", "parts": [{"text": "Hi"}]}
    turn = {"appName": folder.name, "userId": "u", "sessionId": "s", "newMessage": message}
    _, events = serve(
        folder,
        ("POST", f"/apps/{folder.name}/users/u/sessions", {"sessionId": "s"}),
        ("POST", "/run", turn),
        plugins=plugins,
    )
    assert events[-1]["content"]["parts"][0]["text"] == "Done"
    parts = [part for event in events for part in event["content"]["parts"]]
    results = [part["functionResponse"] for part in parts if "functionResponse" in part]
    ran = folder / "ran.txt"
    return {
        "ran": ran.read_text().split() if ran.exists() else [],
        **{each["name"]: each["response"] for each in results},
    }


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    """ADK puts the agent's folder on it."""
    monkeypatch.setattr(sys, "path", list(sys.path))


def test_without_the_plugin_every_tool_runs(tmp_path: Path) -> None:
    played = play(tmp_path / "desk_free", None)
    assert played["ran"] == ["pay", "look_up", "mail", "post"]


def test_no_tool_runs_when_none_is_allowed(tmp_path: Path) -> None:
    played = play(tmp_path / "desk_dry", "dry")
    assert played["ran"] == []
    assert played["look_up"] == {"status": "success", "tool": "look_up", "order_id": "A-1"}


def test_an_answer_has_the_form_that_the_tool_declares(tmp_path: Path) -> None:
    answer = play(tmp_path / "desk_form", "dry")["pay"]
    assert set(answer) == {"number", "amount"}
    assert isinstance(answer["number"], str)
    assert isinstance(answer["amount"], float)


def test_an_allowed_tool_runs_and_no_other(tmp_path: Path) -> None:
    played = play(tmp_path / "desk_one", "look_up")
    assert played["ran"] == ["look_up"]
    assert played["look_up"] == {"order": "A-1"}


def test_a_tool_of_an_agent_that_is_a_tool_runs_only_when_it_is_allowed(tmp_path: Path) -> None:
    played = play(tmp_path / "desk_mail", "mail")
    assert played["ran"] == ["mail"]
    assert played["helper"] == {"result": "Done"}


def test_an_agent_whose_tools_cannot_be_held_back_does_not_run(tmp_path: Path) -> None:
    played = play(tmp_path / "desk_post", "post")
    assert played["ran"] == []
    assert played["loner"]["status"] == "success"


def test_a_recorded_answer_is_given(tmp_path: Path) -> None:
    line = KeptAnswer("look_up", {"order_id": "B-2"}, {"order": "B-2", "city": "Pune"})
    kept.append(tmp_path / kept.ANSWERS, line)
    played = play(tmp_path / "desk_kept", "dry", tmp_path)
    assert played["look_up"] == {"order": "A-1", "city": "Pune"}


@pytest.mark.parametrize(("option", "count"), [(None, 0), ("all", 0), ("dry", 1), ("pay", 1)])
def test_the_settings_say_which_tools_run(option: str | None, count: int) -> None:
    environ = {} if option is None else {"DIYA_TOOLS": option}
    assert len(tool_plugin.of(from_environment(environ))) == count


def test_settings_that_name_no_tools_are_refused() -> None:
    with pytest.raises(SettingsError, match="DIYA_TOOLS must be `dry`"):
        tool_plugin.of(from_environment({"DIYA_TOOLS": "a b"}))


def test_a_replica_that_is_told_so_runs_no_tool(
    start_replica: StartReplica, tmp_path: Path
) -> None:
    folder = write(tmp_path / "desk_replica")
    replica = start_replica("dry", DIYA_AGENT=str(folder), DIYA_TOOLS="dry")
    replica.wait_ready()
    message = {"role": "user", "parts": [{"text": "Hi"}]}
    turn = {"appName": folder.name, "userId": "u", "sessionId": "s", "newMessage": message}
    replica.http.post(f"/apps/{folder.name}/users/u/sessions", json={"sessionId": "s"})
    answer = replica.http.post("/run", json=turn)
    assert answer.json()[-1]["content"]["parts"][0]["text"] == "Done"
    assert not (folder / "ran.txt").exists()
