"""The headline: the sentence at the top of every report."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET

from reports.diagnosis import Diagnosis
from reports.measures.continuity.all_conversations import take_tallies
from reports.measures.intervals import SLOW_SHARE, is_enough
from reports.measures.latency import latency_by_phase
from reports.measures.percentiles import percentile
from reports.measures.phases import STEADY
from reports.records import ROLLBACK, Finding, Status
from reports.records.history import History
from reports.verdict.verdict import Verdict, is_validity

SIMULATED = "Simulated: no service was running"
"""The beginning of the headline of a simulated run, which is no evidence about a service."""


def headline(
    history: History, verdict: Verdict, worst: Sequence[Finding], why: Sequence[Diagnosis] = ()
) -> str:
    """The verdict in one sentence, with the cause of a failed gate; says so if it was simulated.

    `worst`: the findings that did not pass, worst first; `why`: the diagnoses of failed ones.
    """
    told = _told(history, verdict, worst, why)
    return told if history.run.simulated is UNSET else f"{SIMULATED}. {told}"


def _told(
    history: History, verdict: Verdict, worst: Sequence[Finding], why: Sequence[Diagnosis]
) -> str:
    if verdict is Verdict.GO:
        return f"{_survived(history)}{_speed(history)}"
    if verdict is Verdict.NO_GO:
        failed = [finding for finding in worst if finding.status is Status.FAIL]
        more = len(failed) - 1
        also = f" (and {_number(more, 'more failed gate')})" if more else ""
        return f"{failed[0].summary}{_cause(failed[0], why)}{also}"
    unsound = [finding for finding in worst if is_validity(finding)]
    first = (unsound or worst)[0].summary if worst else "there is no evidence"
    return f"This run proves nothing either way: {first}"


def _cause(failed: Finding, why: Sequence[Diagnosis]) -> str:
    of_it = (each for each in why if (each.gate, each.phase) == (failed.check, failed.phase))
    found = next(of_it, None)
    return "" if found is None else f"; why: {found.sentence}"


def _survived(history: History) -> str:
    conversations = history.once(take_tallies).audited
    count = sum(not fault.id.startswith(ROLLBACK) for fault in history.faults)
    faults = _number(count, "fault") if count else "the load"
    declared = sum(fault.declared is not None for fault in history.faults)
    if declared:
        faults += (
            f" ({'' if declared == count else f'{declared:,} of them '}declared, not verified)"
        )
    return f"Every one of {_number(conversations, 'conversation')} survived {faults}"


def _speed(history: History) -> str:
    steady = history.once(latency_by_phase).get(STEADY)
    if not steady:
        return ""
    if is_enough(len(steady), SLOW_SHARE):
        return f"; p99 {percentile(steady, 99):.2f} s in steady state"
    return f"; slowest of {_number(len(steady), 'turn')} in steady state {steady[-1]:.2f} s"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
