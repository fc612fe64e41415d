"""The tables say what was measured, and the page says what the tables say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.versus_sessions import measured, table
from tests.versus_sessions.measured import Measured, Play, Row

CALM = Play(
    command=("readiness", "--sessions", "redis"),
    verdict="GO",
    headline="",
    failing=(),
    tries=1,
    violations={},
    turns=1200,
    failed=0,
    moved=800,
    conversations=150,
    outages=(),
    others_cpu=0.03,
    steady_turns=1000,
    p50_s=0.161,
    p99_s=0.24,
    replica_cpu_s=0.0114,
    store_cpu_s=0.00021,
    store_trips=2.0,
    store_bytes=2345.0,
    session_bytes=12_345.0,
)
KILLED = replace(CALM, outages=(0.4, 1.7))


def _row(**changes: Any) -> Row:
    values: dict[str, Any] = {"calm": CALM, "replicas": KILLED, "store": KILLED}
    return Row(name="ours", **{**values, **changes})


def _cells(row: Row, heading: str) -> dict[str, str]:
    """The row of the table below that heading, by the head of its column."""
    text = table.markdown(
        Measured(date="2026-01-02", machine={}, versions={}, seed=1, replicas=3, rows=(row,))
    )
    lines = text.partition(f"### {heading}\n\n")[2].splitlines()
    head, cells = (line.strip("| ").split(" | ") for line in (lines[0], lines[2]))
    return dict(zip(head, cells, strict=True))


def test_a_service_that_keeps_everything_has_no_violation_and_survives() -> None:
    facts = _cells(_row(), "Facts")
    assert facts["verdict: calm, replicas killed, store killed"] == "GO, GO, GO"
    assert facts["violations while 5 replicas are killed"] == "none"
    assert facts["sessions survive a killed replica"] == "yes"
    assert facts["sessions survive a killed store"] == "yes"
    assert facts["sessions end after the TTL"] == "yes"
    assert facts["turns that moved to another replica"] == "800 of 1,200"


def test_violations_are_told_by_kind_beside_other_failed_gates() -> None:
    bad = replace(
        KILLED,
        verdict="NO-GO",
        violations={"duplicated": 2, "half_turn": 7},
        failing=("continuity.half_turn", "errors.rate", "validity.spread"),
    )
    facts = _cells(_row(replicas=bad), "Facts")
    told = facts["violations while 5 replicas are killed"]
    assert told == "2 duplicated; 7 half_turn; also failed: errors.rate"
    assert facts["sessions survive a killed replica"] == "yes"


@pytest.mark.parametrize("kind", ["lost", "truncated", "context_missed"])
def test_sessions_do_not_survive_where_history_is_missing(kind: str) -> None:
    facts = _cells(_row(store=replace(KILLED, violations={kind: 3})), "Facts")
    told = facts["sessions survive a killed store"]
    assert told == "no: 3 turns without their history"


def test_sessions_that_stay_are_told_under_the_ttl_and_not_twice() -> None:
    facts = _cells(_row(calm=replace(CALM, violations={"resurrected": 45})), "Facts")
    assert facts["sessions end after the TTL"] == "no: 45 of 150 are there after it"
    assert facts["violations, calm"] == "none"


def test_a_service_that_answered_no_turn_moved_none() -> None:
    facts = _cells(_row(calm=replace(CALM, turns=0, moved=0)), "Facts")
    assert facts["turns that moved to another replica"] == "none was answered"
    assert facts["sessions end after the TTL"] == "not told"


def test_a_run_that_proved_nothing_tells_nothing() -> None:
    facts = _cells(_row(replicas=replace(KILLED, verdict="INCONCLUSIVE")), "Facts")
    assert facts["violations while 5 replicas are killed"] == "not told"
    assert facts["sessions survive a killed replica"] == "not told"


def test_a_service_without_a_server_has_no_killed_store() -> None:
    facts = _cells(_row(store=None), "Facts")
    assert facts["violations while the store is killed twice"] == "no server"
    assert facts["sessions survive a killed store"] == "–"


def test_figures_are_of_the_calm_run_and_waits_of_the_others() -> None:
    calm = replace(CALM, store_cpu_s=None)
    assert list(_cells(_row(calm=calm), "Figures").values())[1:] == [
        *("11.4 ms", "–", "2.0", "2,345 B", "12 kB", "161.0 ms", "240.0 ms", "1,000"),
        *("1.70 s", "1.70 s", "3 %"),
    ]


def test_a_service_that_was_not_played_is_named_with_the_reason() -> None:
    row = Row(name="adk-database", missing="no initdb on PATH")
    text = table.markdown(
        Measured(date="2026-01-02", machine={}, versions={}, seed=1, replicas=3, rows=(row,))
    )
    assert "- ADK `DatabaseSessionService`: no initdb on PATH." in text


def test_a_written_measurement_is_read_back_as_it_was(tmp_path: Path) -> None:
    told = Measured(
        date="2026-01-02", machine={"cores": "2"}, versions={}, seed=1, replicas=3, rows=(_row(),)
    )
    measured.write(tmp_path / "m.json", told)
    assert measured.read(tmp_path / "m.json") == told
