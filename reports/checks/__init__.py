"""The checks: functions `History -> list[Finding]`, one file each, named in the rows of the gates.

A check that raises becomes one finding whose status is unknown.  So does a check with a finding
that is not a row of `reports.gates`, because the verdict could not count it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib import import_module

from reports.gates import GATES, Kind, gate
from reports.records import Finding, Status
from reports.records.history import History
from reports.records.run_description import NO_REDIS
from reports.records.tracing import trace_id

_TURN = re.compile(r"\bturn (c\d+t\d+)\b")
Check = Callable[[History], list[Finding]]
_CONTEXT = "continuity.context_missed"
"""The gate that the log of a stand-in for the model makes visible at a target."""

_NEED_REDIS = frozenset(
    {"memory.baseline", "memory.bounded", "memory.keys", "memory.ttl", "memory.evicted"}
)
"""The gates that only samples of Redis can show."""
_NEED_TTL = frozenset({"memory.ttl_kept", "continuity.resurrected"})
"""The gates that need the TTL of the sessions."""


def _named(name: str) -> Check:
    """The check of that name.  Raises ImportError or AttributeError where there is none."""
    check: Check = getattr(import_module(f"{__name__}.{name}"), f"check_{name}")
    return check


# Whether the run was sound is asked first.
_ROWS = sorted(GATES.values(), key=lambda row: row.kind is not Kind.VALIDITY)
CHECKS: tuple[Check, ...] = tuple(map(_named, dict.fromkeys(row.found_by for row in _ROWS)))
"""Every check that a row of `reports.gates` names."""


def run_checks(history: History, checks: Iterable[Check] = CHECKS) -> list[Finding]:
    """Every finding of every check.  Raises nothing; a crash becomes a finding."""
    findings: list[Finding] = []
    for check in checks:
        try:
            findings += _known(check(history))
        except Exception as error:
            findings.append(_crashed(check, error))
    return [_with_traces(_counted(finding, history), history) for finding in findings]


def _known(findings: list[Finding]) -> list[Finding]:
    for finding in findings:
        if finding.check not in GATES:
            raise LookupError(f"{finding.check} must be a row of reports/gates/")
    return findings


def _counted(finding: Finding, history: History) -> Finding:
    """The finding; one that is unknown does not count where no run could show it."""
    if finding.status is not Status.UNKNOWN:
        return finding
    hidden = None
    if finding.check in _NEED_REDIS and history.run.topology.redis == NO_REDIS:
        hidden = "the sessions are not in Redis"
    elif finding.check in _NEED_TTL and not (history.run.ttl_known or history.run.foreign):
        hidden = "the service keeps sessions as long as it likes"
    if hidden is None:
        return _counted_at_target(finding, history)
    return replace(finding, summary=f"{finding.summary} ({hidden}: not counted)", out_of_sight=True)


def _counted_at_target(finding: Finding, history: History) -> Finding:
    """The same of an unknown finding, where the service is the user's own."""
    if gate(finding.check).visible_from_outside or not history.run.foreign:
        return finding
    if finding.check == _CONTEXT and (len(history.calls) or not history.run.shows_sessions):
        return finding
    summary = f"{finding.summary} (not visible at this target: not counted)"
    return replace(finding, summary=summary, out_of_sight=True)


def _with_traces(finding: Finding, history: History) -> Finding:
    """The finding, whose evidence names the trace of each turn that it names."""
    if not finding.evidence or history.run.traced is not True:
        return finding
    lines = []
    for line in finding.evidence:
        turn = _TURN.search(line)
        trace = "" if turn is None else f"; trace {trace_id(history.run.run_id, turn[1])}"
        lines.append(line + trace)
    return replace(finding, evidence=tuple(lines))


def _crashed(check: Check, error: Exception) -> Finding:
    area = check.__name__.removeprefix("check_")
    why = f"{type(error).__name__}: {error}"
    summary = f"The {area} check could not be made: {why}"
    return Finding(f"{area}.check", "run", Status.UNKNOWN, None, None, "", summary)
