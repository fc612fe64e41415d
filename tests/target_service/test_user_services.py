"""The user's own services, by the URIs and the registry of ADK."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.adk.artifacts.file_artifact_service import FileArtifactService
from google.adk.cli import service_registry
from google.adk.memory.in_memory_memory_service import InMemoryMemoryService
from google.adk.sessions.in_memory_session_service import InMemorySessionService
from google.adk.sessions.sqlite_session_service import SqliteSessionService

from target_service.server import user_services
from target_service.settings import Settings, SettingsError, from_environment

SECRET = "hunter2-of-anna"
SERVICES = """
from google.adk.cli.service_registry import get_service_registry
from google.adk.sessions.in_memory_session_service import InMemorySessionService

class Mine(InMemorySessionService):
    def __init__(self, uri):
        super().__init__()
        self.uri = uri

get_service_registry().register_session_service("mine", lambda uri, **_: Mine(uri))
"""


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither the registry nor the imported `services` outlives a test."""
    monkeypatch.setattr(service_registry, "_service_registry_instance", None)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = sys.modules.pop("services", None)
    yield
    sys.modules.pop("services", None)
    if before is not None:
        sys.modules["services"] = before


def settings(**uris: str) -> Settings:
    return from_environment({f"DIYA_{name.upper()}_SERVICE_URI": uri for name, uri in uris.items()})


def made(config: Settings, folder: Path) -> Any:
    user_services.register(config, folder)
    assert config.session_uri is not None
    return user_services.sessions(config.session_uri, config, folder)


def test_a_uri_gives_the_service_that_adk_s_server_would_make(tmp_path: Path) -> None:
    config = settings(
        session=f"sqlite:///{tmp_path}/s.db", artifact=f"file://{tmp_path}/a", memory="memory://"
    )
    assert isinstance(made(config, tmp_path), SqliteSessionService)
    assert isinstance(user_services.artifacts(config, tmp_path), FileArtifactService)
    assert isinstance(user_services.memories(config, tmp_path), InMemoryMemoryService)


@pytest.mark.parametrize("beside", [True, False])
def test_services_py_registers_a_scheme_in_the_agent_s_folder_or_beside_it(
    tmp_path: Path, beside: bool
) -> None:
    agent = tmp_path / "my_agent"
    agent.mkdir()
    ((tmp_path if beside else agent) / "services.py").write_text(SERVICES)
    assert made(settings(session="mine://here"), agent).uri == "mine://here"


def test_services_py_is_not_read_without_a_uri(tmp_path: Path) -> None:
    agent = tmp_path / "my_agent"
    agent.mkdir()
    (tmp_path / "services.py").write_text("raise RuntimeError('it was read')")
    user_services.register(settings(), agent)


def test_a_services_py_that_fails_is_refused_with_its_own_words(tmp_path: Path) -> None:
    uri = f"mine://anna:{SECRET}@here"
    (tmp_path / "services.py").write_text(f"raise RuntimeError('no way to {uri}')")
    with pytest.raises(SettingsError, match=r"services\.py must be loaded, .*no way to") as told:
        made(settings(session=uri), tmp_path)
    assert SECRET not in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("option", ["session", "artifact", "memory"])
def test_a_scheme_that_nobody_knows_is_refused_without_its_password(
    tmp_path: Path, option: str
) -> None:
    config = settings(**{option: f"nobody://anna:{SECRET}@here"})
    user_services.register(config, tmp_path)
    make: dict[str, Any] = {
        "session": made,
        "artifact": user_services.artifacts,
        "memory": user_services.memories,
    }
    with pytest.raises(SettingsError, match=f"--{option}-service-uri must be .*'nobody'") as told:
        make[option](config, tmp_path)
    assert SECRET not in str(told.value)


def test_the_uris_are_not_shown_with_the_settings() -> None:
    assert SECRET not in repr(settings(session=f"postgresql://anna:{SECRET}@here/db"))


def test_tables_are_made_before_the_first_turn_although_another_replica_was_quicker() -> None:
    class Raced(InMemorySessionService):
        calls = 0

        async def prepare_tables(self) -> None:
            self.calls += 1
            if self.calls == 1:
                raise RuntimeError("relation already exists")

    raced = Raced()
    asyncio.run(user_services.prepare(raced))
    assert raced.calls == 2
    asyncio.run(user_services.prepare(InMemorySessionService()))
