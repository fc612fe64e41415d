"""Whole runs with services of the user's: artifacts are audited, a database is broken and kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chaos.errors import ChaosConfigError
from chaos.fleet.guardian import carriers
from chaos.fleet.postgres import folder_of
from chaos.fleet.postgres_binary import binaries
from tests import tools
from tests.harness import command
from tests.harness.run import agents_under_test as agents

pytestmark = [pytest.mark.run, pytest.mark.slow]

KEEPER = """
from google.adk.agents import Agent
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_response import LlmResponse
from google.genai import types

class Own(BaseLlm):
    model: str = "own"

    async def generate_content_async(self, llm_request, stream=False):
        yield LlmResponse(content=types.Content(role="model", parts=[types.Part(text="Kept.")]))

async def keep(callback_context):
    words = callback_context.user_content.parts[0].text.encode()
    part = types.Part.from_bytes(data=words, mime_type="text/plain")
    await callback_context.save_artifact("notes/last.txt", part)

root_agent = Agent(name="shop", model=Own(), before_agent_callback=keep)
"""
"""It saves each message of the customer as a version of an artifact."""
DATABASE = """
title: The database is killed
method:
  - type: action
    name: the database is killed
    provider:
      {type: python, module: chaos.actions, func: kill_database, arguments: {downtime: 0.3}}
    pauses: {before: 2}
"""
TINY = ("--profile", str(command.HERE / "tiny.toml"), "--replicas", "3", "--no-rehearsal")


def result(out: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((command.only_run(out) / "result.json").read_bytes())
    return loaded


def gate(judged: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [each for each in judged["gates"] if each["name"] == name]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(("shared", "status"), [(True, "pass"), (False, "fail")])
def test_artifacts_of_a_shared_service_are_kept_and_those_in_memory_are_not(
    tmp_path: Path, shared: bool, status: str
) -> None:
    agent, out = agents.write(tmp_path, KEEPER), tmp_path / "runs"
    uri = f"file://{tmp_path}/artifacts" if shared else "memory://"
    finished = command.run(
        *("readiness", *TINY, "--experiment", "none", "--seed", "7", "--out", str(out)),
        *("--agent", str(agent), "--model", "own", "--artifact-service-uri", uri),
    )
    judged = result(out)
    found = gate(judged, "continuity.artifacts")
    assert found["status"] == status, finished.stdout
    if shared:
        assert list((tmp_path / "artifacts").rglob("*last.txt*"))
    else:
        assert judged["verdict"] == "NO-GO"
        assert found["evidence"]


def test_sessions_in_a_postgresql_that_is_killed_are_kept(tmp_path: Path) -> None:
    try:
        binaries()
    except ChaosConfigError as error:
        tools.missing(str(error))
    experiment, out = tmp_path / "database.yaml", tmp_path / "runs"
    experiment.write_text(DATABASE)
    finished = command.run(
        *("readiness", *TINY, "--experiment", str(experiment), "--seed", "7", "--out", str(out)),
        *("--sessions", "postgres"),
    )
    judged = result(out)
    (fault,) = judged["faults"]
    assert (fault["fault"], fault["took_hold"], fault["error"]) == ("kill-database", True, None)
    assert fault["recovered_at"] is not None
    for lost in ("lost", "truncated", "leaked", "phantom"):
        assert judged["continuity"][lost] == 0, finished.stdout
    assert judged["continuity"]["conversations_audited"] > 0
    assert judged["memory"]["database_final_bytes"] > judged["memory"]["database_baseline_bytes"]
    assert gate(judged, "memory.database")["status"] == "pass"
    assert judged["environment"]["database"].startswith("PostgreSQL ")
    assert "Database " in finished.stdout
    run = json.loads((command.only_run(out) / "run.json").read_bytes())
    assert (run["topology"]["redis"], run["topology"]["durability"]) == ("none", "every-commit")
    assert carriers(run["run_id"]) == set()
    assert not folder_of(run["run_id"]).exists()
