"""Folders of agents in the layouts that ADK loads."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ConfigError
from harness.run.options.agent_options import agent_folder
from target_service.server import own_agent

AGENT = "from google.adk.agents import LlmAgent\nroot_agent = LlmAgent(name='bot')\n"
APP = (
    "from google.adk.agents import LlmAgent\nfrom google.adk.apps import App\n"
    "app = App(name='bot', root_agent=LlmAgent(name='bot'))\n"
)
LAYOUTS = {
    "agent.py": {"__init__.py": "from . import agent\n", "agent.py": AGENT},
    "agent.py alone": {"agent.py": AGENT},
    "app": {"__init__.py": "", "agent.py": APP},
    "__init__.py": {"__init__.py": AGENT},
    "app in __init__.py": {"__init__.py": APP},
    "imported": {"__init__.py": "from .main import root_agent\n", "main.py": AGENT},
    "all imported": {"__init__.py": "from .main import *\n", "main.py": AGENT},
    "nested imports": {
        "__init__.py": "from .core.main import root_agent\n",
        "core/__init__.py": "",
        "core/main.py": "from ..tools.names import NAME\n" + AGENT.replace("'bot'", "NAME"),
        "tools/__init__.py": "",
        "tools/names.py": "NAME = 'bot'\n",
    },
    "a package agent": {"__init__.py": "from . import agent\n", "agent/__init__.py": AGENT},
    "root_agent.yaml": {"root_agent.yaml": "name: bot\nmodel: gemini-2.5-flash\ninstruction: hi\n"},
}


def made(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.mark.parametrize("number", range(len(LAYOUTS)), ids=LAYOUTS)
@pytest.mark.filterwarnings("ignore")
def test_a_folder_that_adk_loads_is_an_agent(tmp_path: Path, number: int) -> None:
    folder = made(tmp_path / f"layout_{number}_of_bots", list(LAYOUTS.values())[number])
    own_agent.load(folder)  # as a replica does
    assert agent_folder(str(folder)) == folder


def test_a_path_may_be_written_as_people_write_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made(tmp_path / "bot", LAYOUTS["agent.py"])
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(folder)
    for given in ("~/bot", "~/bot/", ".", "./", "../bot/", f"{folder}//", "../bot/."):
        assert agent_folder(given) == folder, given


REFUSED = {
    "the file": ("bot/agent.py", r"must be a folder with .*\(did you mean \S+/bot\?\)"),
    "the folder above": ("", r"must be a folder with .*\(did you mean \S+/bot\?\)"),
    "a dash": ("my-bot", "the folder's name must be letters, digits and _: ADK names the agent"),
    "a space": ("my bot", "the folder's name must be letters, digits and _: ADK names the agent"),
    "a comment": ("later", "must be a folder with agent.py or root_agent.yaml, or with root_agent"),
    "nothing there": ("none", "must be a folder with agent.py or root_agent.yaml, or with root_a"),
}


@pytest.mark.parametrize(("given", "sentence"), REFUSED.values(), ids=REFUSED)
def test_a_folder_that_adk_does_not_load_is_refused(
    tmp_path: Path, given: str, sentence: str
) -> None:
    for name in ("bot", "my-bot", "my bot"):
        made(tmp_path / name, LAYOUTS["agent.py"])
    made(tmp_path / "later", {"__init__.py": "# root_agent comes later\n"})
    with pytest.raises(ConfigError, match=sentence):
        agent_folder(str(tmp_path / given))
