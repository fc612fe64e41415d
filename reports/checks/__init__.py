"""The checks: functions `History -> list[Finding]`, in an explicit tuple.

A check that raises has found nothing out: it becomes one finding whose status is unknown.  So does
one with a finding that is no row of `reports.gates`: nobody would know how it counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from reports.checks.continuity import check_continuity
from reports.checks.errors import check_errors
from reports.checks.latency import check_latency
from reports.checks.memory import check_memory
from reports.checks.parts import check_parts
from reports.checks.records import check_records
from reports.checks.recovery import check_recovery
from reports.checks.steady_state import check_steady_state
from reports.checks.validity import check_validity
from reports.gates import GATES, gate
from reports.records import Finding, Status
from reports.records.history import History

Check = Callable[[History], list[Finding]]

CHECKS: tuple[Check, ...] = (
    check_validity,
    check_records,
    check_continuity,
    check_latency,
    check_parts,
    check_recovery,
    check_steady_state,
    check_errors,
    check_memory,
)


def run_checks(history: History, checks: Iterable[Check] = CHECKS) -> list[Finding]:
    """Every finding of every check.  Raises nothing: a crash is a finding."""
    findings: list[Finding] = []
    for check in checks:
        try:
            findings += _known(check(history))
        except Exception as error:
            findings.append(_crashed(check, error))
    return [_seen_from_outside(finding, history) for finding in findings]


def _known(findings: list[Finding]) -> list[Finding]:
    for finding in findings:
        if finding.check not in GATES:
            raise LookupError(f"{finding.check} must be a gate of reports/gates.py")
    return findings


def _seen_from_outside(finding: Finding, history: History) -> Finding:
    if finding.status is not Status.UNKNOWN or gate(finding.check).visible_from_outside:
        return finding
    if not history.run.foreign:
        return finding
    summary = f"{finding.summary} (out of sight at this target: not counted)"
    return replace(finding, summary=summary, out_of_sight=True)


def _crashed(check: Check, error: Exception) -> Finding:
    area = check.__name__.removeprefix("check_")
    why = f"{type(error).__name__}: {error}"
    summary = f"The {area} check could not be made: {why}"
    return Finding(f"{area}.check", "run", Status.UNKNOWN, None, None, "", summary)
