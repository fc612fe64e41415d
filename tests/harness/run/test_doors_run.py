"""Whole runs at a target's other doors: Agent Engine by ADK's own server, and A2A by ADK's code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.harness import command
from tests.loadtests.doors.talks import serving

CONTEXT = "continuity.context_missed"


def _judged(url: str, door: str, out: Path) -> dict[str, Any]:
    options = ("--profile", "smoke", "--target", url, "--door", door, "--seed", "3")
    finished = command.run("readiness", *options, "--out", str(out))
    results = list(out.glob("*/result.json"))
    assert results, finished.stderr
    result: dict[str, Any] = json.loads(results[0].read_text())
    assert finished.returncode == result["exit_code"]
    return result


def _gates(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {gate["name"]: gate for gate in result["gates"]}


def _unsound(result: dict[str, Any]) -> bool:
    """The machine was too busy for a fair run: no verdict on the target."""
    return any(
        gate["name"].startswith(("validity.", "latency.")) and gate["status"] != "pass"
        for gate in result["gates"]
    )


@pytest.mark.run
@pytest.mark.slow
def test_an_agent_at_agent_engines_door_is_judged_as_at_adks(tmp_path: Path) -> None:
    sessions = f"sqlite+aiosqlite:///{tmp_path}/sessions.db"
    log = tmp_path / "log"
    with serving("engine_server", sessions, log=log, asked="/list-apps") as url:
        result = _judged(url, "agent-engine", tmp_path / "out")
    counted = {
        name: gate["status"]
        for name, gate in _gates(result).items()
        if name.startswith("continuity.") and not gate.get("out_of_sight")
    }
    assert set(counted.values()) == {"pass"}, counted
    assert "continuity.lost" in counted
    assert result["turns"]["ok"] == result["turns"]["offered"] > 30
    assert result["verdict"] == "GO" or _unsound(result)


@pytest.mark.run
@pytest.mark.slow
@pytest.mark.parametrize("flags", [(), ("--forgetful",)], ids=["kept", "forgetful"])
def test_an_agent_at_the_a2a_door_is_never_go_without_a_witness_of_its_context(
    tmp_path: Path, flags: tuple[str, ...]
) -> None:
    with serving("a2a_server", *flags, log=tmp_path / "log") as url:
        result = _judged(url, "a2a", tmp_path / "out")
    gates = _gates(result)
    assert result["turns"]["ok"] == result["turns"]["offered"] > 30
    assert gates[CONTEXT]["status"] == "unknown"
    assert not gates[CONTEXT].get("out_of_sight")
    lost = gates["continuity.lost"]
    if flags:
        assert lost["status"] == "unknown"
        assert "had just ended was not found" in lost["summary"]
        assert "errors.reads" not in gates
    else:
        assert lost["status"] == "pass"
        assert "--model-url" in gates[CONTEXT]["summary"]
    assert result["verdict"] == "INCONCLUSIVE"
