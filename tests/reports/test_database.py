"""Sessions in a database: its size is reported, and gates of Redis are out of sight."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reports.measures.effects import without_effect
from reports.records import Sample, Status
from reports.verdict.result import build
from tests.reports.a_run import MIB, Run
from tests.reports.gated import judge

OF_REDIS = ("baseline", "bounded", "keys", "ttl", "evicted")


class _InADatabase(Run):
    """A run whose sessions are in a database that keeps them for ever."""

    def run_json(self) -> dict[str, Any]:
        return {**super().run_json(), "sessions": "postgres", "ttl_known": False}


def run_in_a_database(*, restarted_at: float = 1000.0) -> Run:
    """Ten turns, while the database grows from 8 to 9 MiB."""
    run = _InADatabase(redis="none", durability="every-commit")
    for number in range(10):
        run.conversation(start=10.0 + number).turn().audit()
    run.samples = [
        Sample(
            float(t),
            "database",
            {"size": (8 + (t > 20)) * MIB, "run": 1.0 + (t >= restarted_at), "connections": 9.0},
        )
        for t in range(-3, 90)
    ]
    return run


def test_the_growth_of_the_database_is_a_gate_that_cannot_fail(tmp_path: Path) -> None:
    found = judge(run_in_a_database(), tmp_path, "memory.database")
    assert (found.status, found.value, found.limit) == (Status.PASS, MIB, None)
    assert found.summary == (
        "The database grew from 8.0 to 9.0 MiB, 102.4 KiB for each of 10 turns"
    )


def test_gates_of_redis_and_of_the_ttl_do_not_count_without_them(tmp_path: Path) -> None:
    run = run_in_a_database()
    for gate in (*(f"memory.{each}" for each in OF_REDIS), "continuity.resurrected"):
        found = judge(run, tmp_path / gate, gate)
        assert (found.status, found.out_of_sight) == (Status.UNKNOWN, True), gate


def test_gates_of_redis_count_in_a_fleet_with_redis_that_was_not_sampled(tmp_path: Path) -> None:
    run = run_in_a_database()
    run.redis = "single"
    found = judge(run, tmp_path, "memory.baseline")
    assert (found.status, found.out_of_sight) == (Status.UNKNOWN, False)


def test_the_result_holds_the_sizes_where_there_are_some(tmp_path: Path) -> None:
    with_sizes = build(run_in_a_database().history(tmp_path / "a"), [])["memory"]
    assert with_sizes["database_baseline_bytes"] == 8 * MIB
    assert with_sizes["database_peak_bytes"] == with_sizes["database_final_bytes"] == 9 * MIB
    assert "database_peak_bytes" not in build(Run().history(tmp_path / "b"), [])["memory"]


def test_a_turn_that_a_killed_database_lost_is_not_excused(tmp_path: Path) -> None:
    run = run_in_a_database()
    run.fault("kill-database", 30.0, 32.0, target="postgres")
    lost = run.conversation(start=28.0)
    lost.turn().turn(at=40.0)
    lost.audit(history=[])
    assert judge(run, tmp_path, "continuity.lost").status is Status.FAIL


def test_a_restart_that_left_the_same_database_process_had_no_effect(tmp_path: Path) -> None:
    def judged(restarted_at: float) -> list[str]:
        run = run_in_a_database(restarted_at=restarted_at)
        run.fault("restart-database", 30.0, 32.0, target="postgres")
        return [*without_effect(run.history(tmp_path / str(restarted_at)))]

    assert judged(restarted_at=1000.0) == ["restart-database-1"]
    assert judged(restarted_at=31.0) == []
