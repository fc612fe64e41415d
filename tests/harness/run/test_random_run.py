"""`--experiment random:SEED` on a fleet: two faults at once, both take hold, and a verdict."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.harness import command

pytestmark = pytest.mark.run

SEED = 26
"""Draws a model that cuts streams while a replica is killed."""


@pytest.mark.timeout(300)
def test_a_random_experiment_with_two_faults_at_once_comes_to_a_verdict(tmp_path: Path) -> None:
    finished = command.run(
        *("readiness", "--profile", "smoke", "--experiment", f"random:{SEED}"),
        *("--replicas", "3", "--seed", "1", "--out", str(tmp_path)),
        timeout=200,
    )
    run_dir = command.only_run(tmp_path)
    result = json.loads((run_dir / "result.json").read_text())
    one, other = result["faults"]
    assert (one["took_hold"], other["took_hold"]) == (True, True), finished.stdout
    assert one["start"] < other["start"] < one["end"], "they did not overlap"
    gates = {gate["name"]: gate["status"] for gate in result["gates"]}
    assert not [name for name in gates if name.startswith("continuity.") and gates[name] == "fail"]
    assert gates["validity.faults"] == "pass"
    # A run of a few seconds under two faults may find no steady state to speak of.
    counted = [gate for gate in result["gates"] if not gate.get("out_of_sight")]
    assert {g["name"] for g in counted if g["status"] != "pass"} <= {"latency.steady_p99"}
