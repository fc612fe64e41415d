"""The evidence of a run whose turns carry traces names the trace of each turn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from msgspec import structs

from reports.checks import run_checks
from reports.records.history import History
from reports.records.tracing import trace_id
from tests.reports.a_run import Run


def history(folder: Path, *, traced: bool) -> History:
    """A run in which the second turn of a conversation was lost."""
    run = Run()
    for number in range(20):
        run.sound(start=10.0 + number / 4)
    run.conversation(start=20.0).turn().turn().turn().audit(history=[])
    found = run.history(folder)
    return replace(found, run=structs.replace(found.run, traced=True)) if traced else found


def evidence(found: History) -> list[str]:
    return [
        line
        for finding in run_checks(found)
        if finding.check == "continuity.lost"
        for line in finding.evidence
    ]


def test_each_line_about_a_turn_ends_with_its_trace(tmp_path: Path) -> None:
    found = history(tmp_path, traced=True)
    lines = evidence(found)
    assert lines
    for line in lines:
        turn = line.partition("turn ")[2].partition(":")[0]
        assert turn.startswith("c20t")
        assert line.endswith(f"; trace {trace_id(found.run.run_id, turn)}")


def test_without_traces_the_evidence_is_as_before(tmp_path: Path) -> None:
    plain = evidence(history(tmp_path, traced=False))
    traced = evidence(history(tmp_path, traced=True))
    assert [line.partition("; trace ")[0] for line in traced] == plain
    assert not any("trace" in line for line in plain)
