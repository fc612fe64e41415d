"""The waits that made a gate fail; their times are searched for its cause."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reports.checks.calm_errors import bad_reads, failed_deletions, retried_in_vain
from reports.checks.errors import lost_as_declared
from reports.measures.intervals import SLOW_SHARE, judge_share
from reports.measures.latency import gated_waits, outages
from reports.measures.phases import STEADY, turns_by_phase
from reports.measures.recovery import impacts
from reports.measures.spans import Span
from reports.records import Finding, Status
from reports.records.columns import OUTCOME, WORDLESS
from reports.records.history import History

_PROBED_S = 5.0
"""Seconds before a probe of the steady state that it also covers."""

_LATE = "no complete response within the time that a read may take"


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait of one customer or probe that exceeds the gate's limit."""

    since: float
    until: float
    """Run time, seconds."""
    turn: int | None
    """The number of the turn; None for a probe, a read, a deletion, or a lost target."""
    error: str | None = None
    """The error of a read or a deletion."""


@dataclass(frozen=True, slots=True)
class Waits:
    """All waits behind one failed gate."""

    waits: tuple[Wait, ...]
    """Ordered by their beginning."""
    turns: int = 0
    """The number of turns behind the gate's share; 0: the gate allows no bad turn."""
    share: float = 0.0
    """The allowed share."""

    def fail_with(self, count: int) -> bool:
        """Whether the gate still fails with this many waits."""
        if not self.turns:
            return count > 0
        return judge_share(count, self.turns, self.share) is Status.FAIL

    @property
    def span(self) -> Span:
        """From the first beginning to the last end, run time."""
        return min(w.since for w in self.waits), max(w.until for w in self.waits)

    @property
    def numbers(self) -> list[int]:
        """The numbers of the turns among them, each once."""
        return list(dict.fromkeys(w.turn for w in self.waits if w.turn is not None))


def waits_of(history: History, finding: Finding) -> Waits | None:
    """The waits behind a failed gate of latency, outage, recovery or errors; None: no such gate."""
    derive = {
        "latency.steady_p99": _slow,
        "latency.warmup_p99": _slow,
        "latency.fault_p99": _slow,
        "latency.recovery_p99": _slow,
        "latency.outage": _stuck,
        "recovery.time": _late,
        "recovery.steady_state": _probed,
        "errors.rate": _unanswered,
        "errors.retries": _retried,
        "errors.deletes": _undeleted,
        "errors.reads": _unread,
    }.get(finding.check)
    found = None if derive is None else derive(history, finding)
    return found if found is not None and found.waits else None


def _in_order(waits: Iterable[Wait], turns: int = 0, share: float = 0.0) -> Waits:
    return Waits(tuple(sorted(waits, key=lambda wait: wait.since)), turns, share)


def _of_turns(history: History, numbers: Iterable[int]) -> list[Wait]:
    due, done = history.turns.due, history.turns.done
    return [Wait(due[n], done[n], n) for n in numbers]


def _slow(history: History, finding: Finding) -> Waits:
    limit, asked, slow = finding.limit or 0.0, 0, []
    for number, since, until in gated_waits(history, finding.phase):
        asked += 1
        if until - since > limit:
            slow.append(Wait(since, until, number))
    return _in_order(slow, asked, SLOW_SHARE)


def _stuck(history: History, finding: Finding) -> Waits:
    worst, limit = history.once(outages), finding.limit or 0.0
    found = zip(worst.seconds, worst.until, worst.culprits, strict=True)
    return _in_order(Wait(end - waited, end, n) for waited, end, n in found if waited > limit)


def _late(history: History, finding: Finding) -> Waits:
    limit, done = finding.limit or 0.0, history.turns.done
    for impact in history.once(impacts):
        fault = impact.fault
        if finding.phase == f"fault:{fault.id}":
            if fault.recovered_at is None:
                return _in_order([Wait(fault.start, max(fault.end, fault.start + 1.0), None)])
            late = (n for n in impact.disturbed if done[n] > fault.end + limit)
            return _in_order(_of_turns(history, late))
    return _in_order(())


def _probed(history: History, _: Finding) -> Waits:
    wrong = (p for p in history.probes if p.when == "after" and p.met is not True)
    return _in_order(Wait(p.at - _PROBED_S, p.done, None) for p in wrong)


def _unanswered(history: History, finding: Finding) -> Waits:
    state = history.turns.state
    declared = history.once(lost_as_declared)
    numbers = (n for n in range(len(state)) if n not in declared)
    bad = (n for n in numbers if state[n] & (OUTCOME | WORDLESS))
    return _in_order(_of_turns(history, bad), len(state), finding.limit or 0.0)


def _retried(history: History, finding: Finding) -> Waits:
    numbers, step = history.once(retried_in_vain)
    steady = history.once(turns_by_phase).get(STEADY, ())
    return _in_order(_of_turns(history, numbers), len(steady) // step, finding.limit or 0.0)


def _undeleted(history: History, finding: Finding) -> Waits:
    records, asked = history.once(failed_deletions)
    patience = _PROBED_S
    found = (Wait(r.ended, r.ended + patience, None, r.error) for r in records if r.ended)
    return _in_order(found, asked, finding.limit or 0.0)


def _unread(history: History, finding: Finding) -> Waits:
    audits = history.audits
    found = []
    for number, waited in history.once(bad_reads):
        done = audits.done[number]
        # One without an error was only late, as a turn may be.
        error = audits[number].error or _LATE
        found.append(Wait(done - waited, done, None, error))
    return _in_order(found, len(audits), finding.limit or 0.0)
