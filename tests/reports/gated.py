"""Runs to be gated, and the one finding of a gate."""

from __future__ import annotations

from pathlib import Path

from reports.checks import run_checks
from reports.records import Finding
from tests.reports.a_run import Run


def judge(run: Run, tmp_path: Path, gate: str, phase: str | None = None) -> Finding:
    """The one finding of that gate."""
    findings = [
        finding
        for finding in run_checks(run.history(tmp_path))
        if finding.check == gate and phase in (None, finding.phase)
    ]
    assert len(findings) == 1, findings
    return findings[0]


def busy(took: float = 0.2, conversations: int = 40) -> Run:
    """Forty conversations of three turns, spread over the load."""
    run = Run()
    for number in range(conversations):
        conversation = run.conversation(start=6.0 + number)
        conversation.turn(took=took).turn(took=took).turn(took=took).audit()
    return run
