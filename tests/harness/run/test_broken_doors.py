"""The only process of a target is killed and started again, behind Agent Engine's door and A2A."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from chaos.fleet.ports import free_port
from tests import tools
from tests.harness import breakable, command
from tests.harness.broken_target import served
from tests.loadtests.doors.talks import A2A_PACKAGES
from tests.target_service.processes import ROOT

pytestmark = [pytest.mark.run, pytest.mark.slow]

TALK = str(command.HERE / "pytest_plugin" / "talk.toml")
"""Conversations last, so that some are open when the server is killed."""


def server(module: str, *words: str) -> list[str]:
    """The words of a server."""
    path = [str(ROOT)]
    if module == "a2a_server":
        if not (A2A_PACKAGES / "a2a").is_dir():
            tools.missing("no packages for an A2A server (make a2a)")
        path.append(str(A2A_PACKAGES))
    python = ["env", f"PYTHONPATH={os.pathsep.join(path)}", sys.executable, "-m"]
    port = str(free_port())
    return [*python, f"tests.loadtests.doors.{module}", "--port", port, *words]


def patient(folder: Path) -> str:
    """The same for long: the time after which a session may go exceeds an outage on a busy machine.

    The TTL of these servers is not known, so that the profile's counts.
    """
    profile = folder / "patient.toml"
    profile.write_text(
        f'extends = "{TALK}"\nname = "patient"\ndescription = "talk, for long"\n'
        "[time]\nttl_seconds = 57600\n"
    )
    return str(profile)


def judged(folder: Path, url: str, door: str, profile: str = TALK) -> tuple[dict[str, Any], str]:
    """The result of a run in which the server is away for two seconds, and what diya said."""
    experiment = folder / "experiment.yaml"
    at = url[: url.index("/", len("http://"))]
    document = breakable.experiment(folder / "service", url, lasts_s=2.0)
    experiment.write_text(yaml.safe_dump(document))
    finished = command.run(
        *("readiness", "--profile", profile, "--seed", "3", "--target", at, "--door", door),
        *("--break-target", "--experiment", str(experiment), "--target-replicas", "1"),
        *("--out", str(folder / "out")),
    )
    (result,) = folder.glob("out/*/result.json")
    return json.loads(result.read_text()), finished.stdout + finished.stderr


def gates(result: dict[str, Any], said: str) -> dict[str, str]:
    """Status by gate, once the fault is known to have been done and undone."""
    (fault,) = result["faults"]
    assert fault["took_hold"], said
    assert (fault["error"], fault["recovered_at"] is None) == (None, False), said
    found = {gate["name"]: gate["status"] for gate in result["gates"]}
    assert found["validity.faults"] == "pass", said
    return found


def test_agent_engine_with_its_sessions_in_memory(tmp_path: Path) -> None:
    with served(tmp_path / "service", server("engine_server", "memory://"), "/list-apps") as url:
        result, said = judged(tmp_path, url, "agent-engine", patient(tmp_path))
    assert gates(result, said)["continuity.lost"] == "fail", said
    assert result["verdict"] == "NO-GO", said


def test_agent_engine(tmp_path: Path) -> None:
    folder = tmp_path / "service"
    uri = f"sqlite+aiosqlite:///{folder}/sessions.db"
    with served(folder, server("engine_server", uri), "/list-apps") as url:
        result, said = judged(tmp_path, url, "agent-engine")
    found = gates(result, said)
    assert found["continuity.lost"] == "pass", said
    assert found["recovery.steady_state"] == "pass", said


CARD = "/.well-known/agent-card.json"


def test_a2a_with_its_sessions_in_memory(tmp_path: Path) -> None:
    with served(tmp_path / "service", server("a2a_server"), CARD) as url:
        result, said = judged(tmp_path, url, "a2a", patient(tmp_path))
    assert gates(result, said)["continuity.lost"] == "fail", said
    assert result["verdict"] == "NO-GO", said


def test_a2a(tmp_path: Path) -> None:
    folder = tmp_path / "service"
    with served(folder, server("a2a_server", f"--kept={folder}"), CARD) as url:
        result, said = judged(tmp_path, url, "a2a")
    assert gates(result, said)["continuity.lost"] == "pass", said
    assert result["verdict"] != "GO", said
