"""What `make prove-targets` says of the runs that it compares, and that its files are accepted."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from loadtests.profiles import profile
from reports.gates import VIOLATIONS
from tests.prove.target_systems import PROFILE, TTL_S
from tests.prove.target_table import Row, markdown, problems

SOUND: dict[str, Any] = {
    "verdict": "GO",
    "headline": "Every gate passed.",
    "gates": [
        {"name": "continuity.half_turn", "status": "pass", "summary": "no half turn"},
        {"name": "errors.reads", "status": "pass", "summary": "0 of 60 reads failed"},
    ],
    "turns": {"ok": 180, "offered": 180},
    "continuity": dict.fromkeys(VIOLATIONS, 0),
    "latency": {"steady": {"p50": 0.15, "p99": 1.3}},
    "faults": [
        {
            "id": "process-1",
            "took_hold": True,
            "error": None,
            "recovered_at": 13.0,
            "first_ok_s": 4.4,
            "recovery_s": 0.4,
            "disturbed_turns": 12,
            "downtime_s": 4.2,
            "worst_outage_s": 4.5,
        }
    ],
}


def changed(**values: Any) -> dict[str, Any]:
    """A sound result with other values."""
    return {**copy.deepcopy(SOUND), **values}


def with_fault(**values: Any) -> dict[str, Any]:
    """A sound result whose fault has other values."""
    return changed(faults=[{**SOUND["faults"][0], **values}])


def failing(gate: str) -> dict[str, Any]:
    """A result whose gate of this name failed."""
    gates = [
        {**each, "status": "fail" if each["name"] == gate else each["status"]}
        for each in SOUND["gates"]
    ]
    return changed(verdict="NO-GO", headline=f"{gate} failed", gates=gates)


FLEET = Row("fleet", SOUND)


def test_sound_runs_have_no_problem() -> None:
    assert problems([FLEET, Row("service", SOUND), Row("adk-sqlite", SOUND)]) == []


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (Row("service", changed(faults=[])), "one row of a fault, got 0"),
        (Row("service", with_fault(took_hold=False, error="no change")), "take hold .*no change"),
        (Row("service", with_fault(recovered_at=None)), "process-1 has no recovery"),
        (Row("service", with_fault(first_ok_s=None)), "process-1 has no recovery"),
        (Row("service", with_fault(disturbed_turns=1)), "disturb at least 5 turns, got 1"),
        (Row("service", failing("continuity.half_turn")), "must be the fleet's, GO, got NO-GO"),
        (Row("service", None, broke="exit code 104: no port"), "service: exit code 104: no port"),
        (Row("adk-sqlite", failing("errors.reads")), "nothing explains the failed errors.reads"),
        (Row("adk-sqlite", changed(verdict="INCONCLUSIVE")), "a verdict, got INCONCLUSIVE"),
    ],
)
def test_a_run_that_shows_something_else_is_a_problem(row: Row, said: str) -> None:
    (problem,) = problems([FLEET, row])
    assert re.search(said, problem)


def test_half_turns_explain_the_verdict_of_a_server_that_writes_each_event_by_itself() -> None:
    assert problems([FLEET, Row("adk-sqlite", failing("continuity.half_turn"))]) == []


def test_a_fleet_that_is_inconclusive_shows_nothing() -> None:
    unsound = changed(verdict="INCONCLUSIVE")
    assert len(problems([Row("fleet", unsound), Row("service", unsound)])) == 2


def test_a_system_that_cannot_be_had_is_skipped_with_its_reason() -> None:
    row = Row("project", None, skipped="there is no Docker engine")
    assert problems([FLEET, row]) == []
    assert "skipped, because there is no Docker engine" in markdown([FLEET, row])


def test_the_table_shows_the_fault_the_violations_and_what_differs_from_the_fleet() -> None:
    broken = failing("continuity.half_turn")
    broken["continuity"]["half_turn"] = 3
    broken["gates"].append({"name": "memory.keys", "status": "unknown", "out_of_sight": True})
    text = markdown([FLEET, Row("adk-sqlite", broken)])
    title = "plain `adk api_server`, SQLite"
    cells = (
        "NO-GO | yes | 4.2 s | 4.4 s | 400 ms | 12 | 4.5 s | 180 of 180 | 0 | 3 | 150 ms | 1.3 s |"
    )
    assert f"| {title} | {cells}" in text
    assert "violations: 3 half_turn" in text
    assert "`continuity.half_turn` is fail, pass in the fleet: no half turn" in text
    assert "out of sight at this target: `memory.keys`" in text


def test_the_profile_keeps_sessions_for_longer_than_the_outage() -> None:
    assert profile.load(str(PROFILE)).real_ttl_seconds == TTL_S
