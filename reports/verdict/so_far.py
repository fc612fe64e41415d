"""The result of a run that still lasts: what its records show so far.

Gates whose evidence is not complete before the end are left out, as is a failure that began during
a fault in progress: the record of that fault, written at its end, may explain it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reports.checks import run_checks
from reports.records import FaultWindow, Finding, Status
from reports.records.history import History
from reports.verdict.result import build
from reports.verdict.verdict import Verdict, by_weight, is_fact, is_validity

RUNNING = "RUNNING"
FAILING = "NO-GO SO FAR"
UNSOUND = "INCONCLUSIVE SO FAR"
STOPPED = "STOPPED"

Failure = tuple[str, str]
"""The gate and the phase of a failed finding."""

_AT_THE_END = frozenset(
    {
        "validity.complete",
        "validity.arrivals",
        "validity.records",
        "validity.replicas",
        "validity.spread",
        "validity.aftermath",
        "memory.baseline",
        "memory.keys",
        "recovery.steady_state",
    }
)
"""Gates that a run may pass at its end although they fail in its middle."""


@dataclass(frozen=True, slots=True)
class InProgress:
    """A fault that is not recorded yet."""

    id: str
    start: float
    """When it was first seen, run time."""


@dataclass(frozen=True, slots=True)
class SoFar:
    """The result of a running run."""

    result: dict[str, Any]
    """As `build` makes it, with the gates known so far; its verdict is `RUNNING`, `FAILING` or
    `UNSOUND`."""
    failed: frozenset[Failure]
    waiting: int
    """The number of gates that are known only later."""


def so_far(
    history: History,
    faults: Sequence[InProgress] = (),
    failed_before: Collection[Failure] = (),
) -> SoFar:
    """Judge the records so far.

    `faults` are those in progress; during them only failures of `failed_before`, the failures
    before their start, count.
    """
    recorded = {fault.id for fault in history.faults}
    open_faults = [each for each in faults if each.id not in recorded]
    if open_faults:
        now = history.last_moment
        windows = [_window(each, now) for each in open_faults]
        history = replace(history, faults=sorted([*history.faults, *windows], key=_start))
    findings = run_checks(history)
    known = [
        finding
        for finding in findings
        if _is_known(finding, history, failed_before if open_faults else None)
    ]
    result = build(history, known)
    failures = [each for each in by_weight(known) if each.status is Status.FAIL]
    waiting = len(findings) - len(known)
    verdict = _standing(failures)
    passed = sum(each.status is Status.PASS for each in known)
    result["verdict"], result["exit_code"] = verdict, Verdict.INCONCLUSIVE.exit_code
    result["headline"] = _headline(verdict, failures, passed, waiting)
    result["reasons"] = list(dict.fromkeys(each.summary for each in failures))
    return SoFar(result, frozenset((each.check, each.phase) for each in failures), waiting)


def stopped(result: dict[str, Any]) -> dict[str, Any]:
    """The last result so far of a run that was stopped before its end."""
    headline = f"The run was stopped; before that: {result['headline']}"
    return {**result, "verdict": STOPPED, "headline": headline}


def _window(fault: InProgress, now: float) -> FaultWindow:
    end = max(now, fault.start)
    return FaultWindow(
        fault.id, fault.id, "in progress", fault.start, end, end, True, injected=fault.start
    )


def _start(fault: FaultWindow) -> float:
    return fault.start


def _is_known(
    finding: Finding, history: History, failed_before: Collection[Failure] | None
) -> bool:
    """Whether the status of the finding can be shown before the end of the run."""
    if finding.status is Status.UNKNOWN:
        return False
    if finding.status is Status.PASS:
        return finding.check not in _AT_THE_END
    if finding.check in _AT_THE_END:
        return False
    if finding.check == "validity.faults":
        # Those that are still to come did not take hold either.
        return any(not fault.took_hold for fault in history.faults)
    return failed_before is None or (finding.check, finding.phase) in failed_before


def _standing(failures: Sequence[Finding]) -> str:
    if any(is_fact(each) for each in failures):
        return FAILING
    if any(is_validity(each) for each in failures):
        return UNSOUND
    return FAILING if failures else RUNNING


def _headline(verdict: str, failures: Sequence[Finding], passed: int, waiting: int) -> str:
    if verdict == RUNNING:
        return f"Nothing has failed so far: {passed} gates pass, {waiting} are known later"
    worst = failures[0].summary
    more = len(failures) - 1
    also = f" (and {more} more failed {'gate' if more == 1 else 'gates'})" if more else ""
    return f"{worst}{also}"
