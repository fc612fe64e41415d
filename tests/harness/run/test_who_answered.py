"""A target whose answers name no replica: the keys of the calls of its model do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.harness import command
from tests.harness.run import agents_under_test as agents

pytestmark = pytest.mark.run


def test_the_keys_of_the_calls_name_the_replicas_of_a_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, out = agents.write(tmp_path, agents.GEMINI), tmp_path / "runs"
    with agents.target_beside_its_model(agent, monkeypatch) as words:
        options = ("--experiment", "none", "--replica-header", "x-nobody", "--out", str(out))
        finished = command.run(*words, *options)
    result = json.loads((command.only_run(out) / "result.json").read_text())
    turns = (command.only_run(out) / "turns.jsonl").read_text().splitlines()
    assert {json.loads(line)["replica"] for line in turns} == {None}, finished.stderr
    assert result["turns"]["replicas_seen"] == 2
    assert result["turns"]["moved"] > 5
    gates = {gate["name"]: gate["status"] for gate in result["gates"]}
    assert gates["validity.spread"] == "pass"
