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


def judged(folder: Path, url: str, door: str) -> tuple[dict[str, Any], str]:
    """The result of a run in which the server is away for two seconds, and what diya said."""
    experiment = folder / "experiment.yaml"
    at = url[: url.index("/", len("http://"))]
    document = breakable.experiment(folder / "service", url, lasts_s=2.0)
    experiment.write_text(yaml.safe_dump(document))
    finished = command.run(
        *("readiness", "--profile", TALK, "--seed", "3", "--target", at, "--door", door),
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


def test_agent_engine_with_its_sessions_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Longer than an outage on a busy machine: a session may go after that time, as its TTL is
    # not known.
    patient = tmp_path / "patient.toml"
    patient.write_text(
        f'extends = "{TALK}"\nname = "patient"\ndescription = "talk, for long"\n'
        "[time]\nttl_seconds = 57600\n"
    )
    monkeypatch.setattr(sys.modules[__name__], "TALK", str(patient))
    with served(tmp_path / "service", server("engine_server", "memory://"), "/list-apps") as url:
        result, said = judged(tmp_path, url, "agent-engine")
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


@pytest.mark.parametrize("store", ["memory", "file"])
def test_a2a(tmp_path: Path, store: str) -> None:
    folder = tmp_path / "service"
    kept = () if store == "memory" else (f"--kept={folder}",)
    card = "/.well-known/agent-card.json"
    with served(folder, server("a2a_server", *kept), card) as url:
        result, said = judged(tmp_path, url, "a2a")
    found = gates(result, said)
    if store == "memory":
        assert found["continuity.lost"] == "fail", said
        assert result["verdict"] == "NO-GO", said
    else:
        assert found["continuity.lost"] == "pass", said
        assert result["verdict"] != "GO", said
