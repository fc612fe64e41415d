"""Whole runs with services of the user's: artifacts are audited, a database is broken and kept."""

from __future__ import annotations

import contextlib
import json
import secrets
import signal
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from chaos.errors import ChaosConfigError
from chaos.fleet.guardian import carriers
from chaos.fleet.postgres import Postgres, folder_of
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
FROZEN = """
title: The database is frozen until the run is killed
method:
  - type: action
    name: the database is frozen
    provider:
      {type: python, module: chaos.actions, func: freeze_database, arguments: {duration: 60}}
    pauses: {before: 1}
"""
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


def _lives(process: psutil.Process) -> bool:
    """Whether it is there, and not dead and waiting for its new parent to notice."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


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


@pytest.fixture
def _postgresql() -> None:
    try:
        binaries()
    except ChaosConfigError as error:
        tools.missing(str(error))


@pytest.mark.usefixtures("_postgresql")
def test_sessions_in_a_postgresql_that_is_killed_are_kept(tmp_path: Path) -> None:
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


@pytest.mark.usefixtures("_postgresql")
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_ends_while_its_database_is_frozen_leaves_nothing(
    tmp_path: Path, signum: signal.Signals
) -> None:
    experiment, out = tmp_path / "frozen.yaml", tmp_path / "runs"
    experiment.write_text(FROZEN)
    process = command.start(
        *("readiness", *TINY, "--experiment", str(experiment), "--out", str(out)),
        *("--sessions", "postgres"),
    )
    command.wait_until(lambda: any(out.glob("*/run.json")), 30, "the run begins")
    run_id = json.loads((command.only_run(out) / "run.json").read_text())["run_id"]

    def server() -> psutil.Process | None:
        """The server of the cluster; None: it does not run, or `initdb` runs it."""
        with contextlib.suppress(OSError, IndexError, ValueError, psutil.NoSuchProcess):
            text = (folder_of(run_id) / "data" / "postmaster.pid").read_text()
            return psutil.Process(int(text.split()[0]))
        return None

    def frozen() -> bool:
        found = server()
        return found is not None and found.status() == psutil.STATUS_STOPPED

    command.wait_until(frozen, 90, "the database is frozen")
    found = server()
    assert found is not None
    everybody = [found, *found.children(recursive=True)]
    process.send_signal(signum)
    command.wait_until(lambda: command.nothing_left(run_id), 30, "everything has ended")
    process.communicate(timeout=30)
    command.wait_until(lambda: not any(map(_lives, everybody)), 10, "all backends have ended")
    command.wait_until(lambda: not folder_of(run_id).exists(), 10, "its data is removed")


@pytest.mark.usefixtures("_postgresql")
def test_a_postgresql_of_the_user_s_is_driven_and_its_password_is_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs, out = Postgres(folder_of(secrets.token_hex(6))), tmp_path / "runs"
    password = urlsplit(theirs.url).password or ""
    monkeypatch.setenv("SHOP_DATABASE", theirs.url)
    try:
        theirs.start()
        theirs.wait_ready()
        process = command.start(
            *("readiness", *TINY, "--experiment", "none", "--seed", "7", "--out", str(out), "-v"),
            *("--session-service-uri", "env:SHOP_DATABASE"),
        )
        command.wait_until(lambda: command.turns_recorded(out) >= 3, 90, "turns are played")
        shown = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
        said = "".join(process.communicate(timeout=90))
        judged = result(out)
        assert theirs.running, "it is not diya's to end"
    finally:
        theirs.close()
    assert judged["continuity"]["conversations_audited"] > 0
    assert sum(judged["continuity"][kind] for kind in ("lost", "duplicated", "half_turn")) == 0
    assert judged["memory"]["database_final_bytes"] > 0
    assert judged["turns"]["moved"] > 0
    assert judged["verdict"] == "GO", said
    files = [each for each in command.only_run(out).rglob("*") if each.is_file()]
    assert len(password) > 8
    assert [each for each in files if password.encode() in each.read_bytes()] == []
    assert password not in said + shown.stdout
