"""An agent that the user brings: refused before anybody is served when it is none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from target_service import own_agent
from target_service.settings import SettingsError, from_environment


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


def test_a_folder_without_an_agent_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"agent\.py or root_agent\.yaml was expected"):
        own_agent.load(tmp_path)


def test_the_agents_folder_names_the_app(tmp_path: Path) -> None:
    settings = from_environment({"DIYA_AGENT": str(tmp_path / "concierge")})
    assert settings.default_app == "concierge"
    assert from_environment({}).agent is None
