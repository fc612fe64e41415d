"""The experiment's steady-state hypothesis, checked before the first fault and after the last.

Before the faults it checks that the experiment is sound: if it does not hold, no fault is injected
and the run proves nothing.  After them it is a requirement on the system: if it does not hold, the
system did not recover, which is a NO-GO.
"""

from __future__ import annotations

from collections.abc import Sequence

from reports.records import Finding, ProbeRecord, Status
from reports.records.history import History


def check_steady_state(history: History) -> list[Finding]:
    """Gate the hypothesis, if the experiment has one."""
    planned = history.run.steady_state
    if not planned:
        return []
    return [
        _finding(
            "validity.steady_state",
            planned,
            [probe for probe in history.probes if probe.when == "before"],
            "before the first fault",
        ),
        _finding(
            "recovery.steady_state",
            planned,
            [probe for probe in history.probes if probe.when == "after"],
            "after the last fault",
        ),
    ]


def _finding(
    check: str, planned: Sequence[str], asked: Sequence[ProbeRecord], when: str
) -> Finding:
    wrong = [probe for probe in asked if probe.met is not True]
    missing = set(planned) - {probe.name for probe in asked}
    if wrong:
        status = Status.FAIL
        summary = f"The steady state did not hold {when}: {_said(wrong[0])}"
    elif missing:
        status = Status.UNKNOWN
        summary = f"Nobody asked whether the steady state held {when}: {', '.join(sorted(missing))}"
    else:
        status = Status.PASS
        summary = f"The steady state held {when}: {len(asked)} probes"
    value = None if not asked else float(len(wrong))
    evidence = tuple(_said(probe) for probe in wrong[:20])
    return Finding(check, "run", status, value, 0, "probes", summary, evidence)


def _said(probe: ProbeRecord) -> str:
    answer = f"no answer ({probe.error})" if probe.answer is None else probe.answer
    return f"{probe.name} at {probe.at:.2f} s: {answer}, expected {probe.expected}"
