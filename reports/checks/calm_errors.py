"""Errors without a fault nearby: turns that needed several attempts, failed deletions and reads.

Customers who retry get their answer, so none of these counts in the share of turns without an
answer.  Near a fault they are expected; without one the service fails for no reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import isnan, nan

from reports.checks.sampled import gate_share
from reports.measures.beside import beside_a_fault
from reports.measures.phases import STEADY, turns_by_phase
from reports.records import NOT_SHOWN, AuditRecord, ConversationRecord, Finding, Status, TurnRecord
from reports.records.columns import FOUND, OK, OUTCOME, RETRIED, TROUBLED, UNANSWERED
from reports.records.history import History

RETRIED_SHARE = 0.01
"""Allowed share of the steady state's turns, since a network sometimes loses a connection."""
_FEW = 2
"""Always allowed number of retried turns, however short the steady state is."""
_OWN_PATIENCE = "no complete response within"
"""The prefix of a time-out's error.  Slow answers are left to the gates on latency."""
_OPENING = "opening the session: "
"""The prefix of a turn's error when opening its session needed several attempts."""
_MOST_READ = 2000
"""Most retried turns to examine; of more, a sample evenly spread."""
SLOW_READ_S = 5.0
"""A read that fails for longer counts as failed."""
_NOT_OFFERED = ("HTTP 405", "HTTP 501")


def check_calm_errors(history: History) -> list[Finding]:
    """Gate retries in the steady state, and deletions and reads that failed without a fault."""
    return [*_retries(history), *_deletes(history), *_reads(history)]


def _retries(history: History) -> list[Finding]:
    turns = history.turns
    steady = history.once(turns_by_phase).get(STEADY, ())
    if not steady:
        return []
    refused, step = history.once(retried_in_vain)
    count = len(history.once(_asked_again))
    count = min(len(refused) * step, count)
    told = tuple(_attempts(turns[n]) for n in refused[:20])
    what = "in the steady state needed more than one attempt"
    found = gate_share("errors.retries", count, len(steady), RETRIED_SHARE, what, told, STEADY)
    if count > _FEW:
        return [found]
    few, _, _ = found.summary.partition("; too few")
    return [replace(found, status=Status.PASS, summary=few, evidence=())]


def retried_in_vain(history: History) -> tuple[list[int], int]:
    """Numbers of the steady state's turns with a refused or failed attempt, and the sampling step.

    Of very many retried turns only every n-th is examined; n is the second value.
    """
    turns = history.turns
    again = history.once(_asked_again)
    step = max(1, len(again) // _MOST_READ)
    errors = ((n, (turns[n].error or "").removeprefix(_OPENING)) for n in again[::step])
    return [n for n, error in errors if not error.startswith(_OWN_PATIENCE)], step


def _asked_again(history: History) -> list[int]:
    """The steady state's turns that needed several attempts, or whose session did to be opened.

    An opened session of a foreign target does not count: its first ones try the forms of ids that
    the target may want.
    """
    steady = history.once(turns_by_phase).get(STEADY, ())
    state = history.turns.state
    if history.run.foreign:
        return [number for number in steady if state[number] & RETRIED]
    # An acknowledged turn of one attempt has an error only if opening its session had one.
    return [
        number
        for number in steady
        if state[number] & RETRIED or state[number] & (OUTCOME | TROUBLED) == OK | TROUBLED
    ]


def _attempts(turn: TurnRecord) -> str:
    return (
        f"conversation {turn.conversation}, turn {turn.turn_id}: {turn.outcome} at "
        f"{turn.done:.2f} s after {turn.attempts} attempts: {turn.error or 'no error'}"
    )


def _deletes(history: History) -> list[Finding]:
    calm, asked = history.once(failed_deletions)
    if not asked:
        return []
    told = tuple(f"conversation {r.conversation}: {r.error}" for r in calm[:20])
    what, limit = "failed with no fault near", history.run.slo("error_rate")
    return [gate_share("errors.deletes", len(calm), asked, limit, what, told, things="deletions")]


def failed_deletions(history: History) -> tuple[list[ConversationRecord], int]:
    """The conversations whose deletion failed without a fault, and the number of deletions."""
    talks = history.conversations
    records = [talks[number] for number in talks.undeleted]
    if history.run.foreign and records and not talks.deletions:
        # A target without deletion support does not fail.
        records = [r for r in records if not any(code in (r.error or "") for code in _NOT_OFFERED)]
    # A healthy service deletes as soon as it is back, so only the first attempt's time counts.
    calm = [r for r in records if not beside_a_fault(history, *_first_moment(r.ended))]
    return calm, talks.deletions + len(records)


def _first_moment(ended: float | None) -> tuple[float, float]:
    return (0.0, 0.0) if ended is None else (ended, ended + 1.0)


def _reads(history: History) -> list[Finding]:
    audits = history.audits
    of = len(audits) - _not_shown(history)
    if not of:
        return []
    bad = history.once(bad_reads)
    told = []
    for number, waited in bad[:20]:
        audit = audits[number]
        told.append(
            f"conversation {audit.conversation}: {audit.status} at {audit.done:.2f} s after "
            f"{waited:.1f} s: {audit.error or 'no error'}"
        )
    what = f"failed, or took longer than {_slow(history):g} s, with no fault near"
    limit = history.run.slo("error_rate")
    return [gate_share("errors.reads", len(bad), of, limit, what, tuple(told), things="reads")]


def bad_reads(history: History) -> list[tuple[int, float]]:
    """The number of each read that failed without a fault, with the duration of its attempts."""
    bad = list(_bad_reads(history))
    if history.run.shows_sessions:
        return bad
    return [each for each in bad if not _is_not_shown(history.audits[each[0]])]


def _not_shown(history: History) -> int:
    """The number of reads that the target cannot answer; continuity is unknown of these."""
    if history.run.shows_sessions:
        return 0
    return sum(_is_not_shown(history.audits[number]) for number in range(len(history.audits)))


def _is_not_shown(audit: AuditRecord) -> bool:
    return (audit.error or "").startswith(NOT_SHOWN)


def _slow(history: History) -> float:
    """A read that takes more seconds than this counts as failed."""
    return max(SLOW_READ_S, history.run.slo("steady_p99_s"))


def _bad_reads(history: History) -> Iterator[tuple[int, float]]:
    audits, talks = history.audits, history.conversations
    slow = _slow(history)
    ends = dict(zip(talks.conversation, talks.ended, strict=True))
    for conversation, reads in audits.talks():
        ended = ends.get(conversation, nan)
        first = True
        for read in reads:
            since = audits.at[read]
            if audits.at_end[read]:
                if not first:
                    since = _asked(audits[read])
                elif not isnan(ended):
                    since = min(ended, since)
                first = False
            waited = audits.done[read] - since
            failed = audits.status[read] == UNANSWERED
            late = audits.status[read] == FOUND and waited > slow
            if (failed or late) and not beside_a_fault(history, since, audits.done[read]):
                yield read, waited


def _asked(audit: AuditRecord) -> float:
    """When a repeated read was asked for.

    A customer waits before a session with half a turn is read again; the service does not.
    """
    return audit.at if audit.asked is None else audit.asked
