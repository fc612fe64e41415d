"""Faults that their author declares: by marks in the run, and by windows given after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports.records import FaultMark, FaultWindow, RecordWriter, declared_faults
from reports.records.declared_faults import is_name, window
from reports.records.fault_mark import still_open
from reports.records.history import read
from reports.render import html, summary_md, terminal
from reports.verdict import judge
from tests.reports.a_run import Run
from tests.reports.gated import busy
from tests.reports.test_judge import a_run

BEGIN = FaultMark(20.0, "db-failover", "begin", target="postgres")
END = FaultMark(24.0, "db-failover", "end")


def written(run: Run, folder: Path, *marks: FaultMark) -> Path:
    """The run directory, with these marks."""
    run_dir = run.write(folder / "run")
    with RecordWriter(run_dir) as writer:
        for mark in marks:
            writer.write(mark)
    return run_dir


def faults(folder: Path, *marks: FaultMark) -> list[FaultWindow]:
    return read(written(busy(), folder, *marks)).faults


def gates(result: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [gate for gate in result["gates"] if gate["name"] == name]


def test_a_marked_fault_is_a_window_that_nothing_verified(tmp_path: Path) -> None:
    (found,) = faults(tmp_path, BEGIN, END)
    assert (found.id, found.fault, found.target) == ("db-failover", "marked", "postgres")
    assert (found.start, found.end, found.recovered_at) == (20.0, 24.0, 24.0)
    assert (found.took_hold, found.declared, found.error) == (True, "marked", None)
    assert found.may_lose_since is None


def test_a_marked_fault_without_a_target_is_one_of_the_service(tmp_path: Path) -> None:
    (found,) = faults(tmp_path, FaultMark(20.0, "drill", "begin"), FaultMark(21.0, "drill", "end"))
    assert found.target == "the service"


def test_a_marked_fault_may_lose_what_was_not_synced(tmp_path: Path) -> None:
    begin = FaultMark(20.0, "power", "begin", lost_unsynced=True)
    (found,) = faults(tmp_path, begin, FaultMark(24.0, "power", "end"))
    assert found.may_lose_since == 18.0


def test_a_name_that_is_marked_again_is_another_fault(tmp_path: Path) -> None:
    again = (FaultMark(30.0, "db-failover", "begin"), FaultMark(31.0, "db-failover", "end"))
    found = faults(tmp_path, BEGIN, END, *again)
    assert [(each.id, each.start) for each in found] == [
        ("db-failover", 20.0),
        ("db-failover-2", 30.0),
    ]


def test_a_marked_fault_does_not_take_the_name_of_a_planned_one(tmp_path: Path) -> None:
    run = busy()
    run.fault("kill-redis", 20.0, 22.0)
    marks = (FaultMark(30.0, "kill-redis-1", "begin"), FaultMark(31.0, "kill-redis-1", "end"))
    history = read(written(run, tmp_path, *marks))
    assert [each.id for each in history.faults] == ["kill-redis-1", "kill-redis-1-2"]


def test_marks_that_overlap_are_two_windows(tmp_path: Path) -> None:
    other = (FaultMark(22.0, "drain", "begin"), FaultMark(26.0, "drain", "end"))
    found = faults(tmp_path, BEGIN, other[0], END, other[1])
    assert [(each.id, each.start, each.end) for each in found] == [
        ("db-failover", 20.0, 24.0),
        ("drain", 22.0, 26.0),
    ]


def test_only_the_faults_without_an_end_are_still_open() -> None:
    drain = FaultMark(21.0, "drain", "begin")
    assert still_open([BEGIN, drain, END]) == {"drain": drain}


def test_a_sound_run_with_a_marked_fault_passes_the_gates_of_faults(tmp_path: Path) -> None:
    result = judge.judge(written(busy(), tmp_path, BEGIN, END))
    (gate,) = gates(result, "validity.faults")
    assert gate["status"] == "pass"
    assert gate["summary"] == "No fault was planned; 1 fault was declared and not verified"
    (recovery,) = gates(result, "recovery.time")
    assert (recovery["phase"], recovery["status"]) == ("fault:db-failover", "pass")
    (row,) = result["faults"]
    assert (row["declared"], row["disturbed_turns"]) == ("marked", 0)
    assert "fault:db-failover" in result["latency"]


@pytest.mark.parametrize(
    ("planned", "survived"),
    [
        (True, "survived 3 faults (1 of them declared, not verified)"),
        (False, "survived 1 fault (declared, not verified)"),
    ],
)
def test_the_headline_does_not_claim_that_a_declared_fault_was_verified(
    tmp_path: Path, planned: bool, survived: str
) -> None:
    run = a_run()
    if not planned:
        run.faults.clear()
        run.samples = None
    result = judge.judge(written(run, tmp_path, BEGIN, END))
    assert result["verdict"] == "GO"
    assert survived in result["headline"]


def test_a_declared_fault_is_judged_as_one_that_was_verified(tmp_path: Path) -> None:
    def verdicts(run: Run, folder: Path, *marks: FaultMark) -> dict[tuple[str, str], Any]:
        for start in (21.0, 22.0, 23.0):
            run.conversation(start=start).turn(took=6.0, attempts=3).audit()
        result = judge.judge(written(run, folder, *marks))
        return {
            (each["name"], each["phase"]): (each["status"], each["value"])
            for each in result["gates"]
        }

    played = busy()
    played.fault("x", 20.0, 24.0, id="db-failover", target="postgres")
    of_played = verdicts(played, tmp_path / "played")
    assert of_played["recovery.time", "fault:db-failover"][1] > 0
    assert verdicts(busy(), tmp_path / "marked", BEGIN, END) == of_played


def test_a_marked_fault_that_customers_feel_for_long_is_no_go(tmp_path: Path) -> None:
    run = busy()
    for start in (21.0, 22.0, 23.0):
        run.conversation(start=start).turn(took=30.0, attempts=3).audit()
    result = judge.judge(written(run, tmp_path, BEGIN, END))
    (recovery,) = gates(result, "recovery.time")
    assert recovery["status"] == "fail"
    assert "3 turns disturbed" in recovery["summary"]
    assert result["verdict"] == "NO-GO"


def test_a_mark_that_is_still_open_at_the_end_of_the_load_is_inconclusive(tmp_path: Path) -> None:
    run_dir = written(busy(), tmp_path, BEGIN)
    (found,) = read(run_dir).faults
    assert (found.end, found.recovered_at) == (60.0, None)
    result = judge.judge(run_dir)
    (gate,) = gates(result, "validity.faults")
    assert gate["status"] == "fail"
    assert gate["summary"].startswith("The end of db-failover was never marked; ")
    (recovery,) = gates(result, "recovery.time")
    assert recovery["status"] == "unknown"
    assert result["verdict"] == "INCONCLUSIVE"


def test_damaged_marks_are_told(tmp_path: Path) -> None:
    run_dir = written(busy(), tmp_path, BEGIN, END)
    path = run_dir / "marks.jsonl"
    path.write_bytes(b'{"t":20.0,"na\n' + path.read_bytes())
    (gate,) = gates(judge.judge(run_dir), "validity.records")
    assert gate["status"] == "fail"
    assert "marks.jsonl: line 1" in gate["summary"]


def test_windows_given_after_the_run_are_kept_and_replaced(tmp_path: Path) -> None:
    run_dir = written(busy(), tmp_path)
    first = window("drain", "node-1", 20.0, 24.0, lost_unsynced=False, by="windows.csv")
    second = window("drill", "", 30.0, 31.0, lost_unsynced=True, by="later.toml")
    declared_faults.store(run_dir, [first])
    assert read(run_dir).faults == [first]
    declared_faults.store(run_dir, [second])
    assert read(run_dir).faults == [second]
    declared_faults.store(run_dir, [])
    assert read(run_dir).faults == []


def test_every_report_says_who_declared_a_fault_and_that_it_disturbed_nobody(
    tmp_path: Path,
) -> None:
    run_dir = written(busy(), tmp_path, BEGIN, END)
    given = window("drain", "node-1", 30.0, 34.0, lost_unsynced=False, by="windows.csv")
    declared_faults.store(run_dir, [given])
    result = judge.judge(run_dir)
    for report in (html.render(result), summary_md.render(result)):
        assert "declared by a mark, not verified" in report
        assert "declared by windows.csv, not verified" in report
        assert "No turn was disturbed by db-failover, drain" in report
    screen = terminal.render(result, False, 100)
    assert "2 faults declared, not verified; no turn was disturbed by db-failover" in screen


def test_a_report_without_declared_faults_does_not_speak_of_any(tmp_path: Path) -> None:
    run = busy()
    run.fault("kill-redis", 20.0, 22.0)
    result = judge.judge(written(run, tmp_path))
    reports = html.render(result), summary_md.render(result), terminal.render(result, False)
    assert not any("not verified" in report for report in reports)


@pytest.mark.parametrize("name", ["a", "Kill.pod_3-x", "9", "x" * 60])
def test_a_name_of_letters_digits_and_dashes_is_accepted(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("name", ["", "-a", "a b", "a:b", "ü", "rollback-1", "x" * 61, "a\n"])
def test_any_other_name_is_refused(name: str) -> None:
    assert not is_name(name)
