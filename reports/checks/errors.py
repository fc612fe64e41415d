"""Errors: the share of offered turns that was not acknowledged, retries included.

A turn whose session Redis lost within the declared durability is counted separately
(`continuity.within_durability`), not here.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from reports.checks.calm_errors import check_calm_errors
from reports.checks.replies import check_replies
from reports.checks.sampled import gate_share
from reports.measures.continuity.durability import declared_losses, may_lose
from reports.records import Finding, Outcome, Status, TurnRecord
from reports.records.columns import FAIL, OUTCOME, WORDLESS
from reports.records.history import History

_NO_SESSION = 404


def check_errors(history: History) -> list[Finding]:
    """Gate the turns without an answer, and the errors hidden by retries or by the harness."""
    return [*_rate(history), *check_replies(history), *check_calm_errors(history)]


def _rate(history: History) -> list[Finding]:
    """Gate the share of turns without an answer."""
    limit = history.run.slo("error_rate")
    turns = history.turns
    offered = len(turns)
    declared = history.once(lost_as_declared)
    bad = offered - turns.answered - len(declared)
    examples = (
        n
        for n, state in enumerate(turns.state)
        if state & (OUTCOME | WORDLESS) and n not in declared
    )
    if not offered:
        return [
            Finding("errors.rate", "run", Status.UNKNOWN, None, limit, "", "No turn was offered")
        ]
    told = tuple(
        f"conversation {turn.conversation}, turn {turn.turn_id}: {turn.outcome} at "
        f"{turn.done:.2f} s after {turn.attempts} attempts, last asked "
        f"{turn.replica or 'nobody'}: {_why(turn)}"
        for turn in (turns[number] for number in islice(examples, 20))
    )
    found = gate_share("errors.rate", bad, offered, limit, "got no answer", told)
    if not declared:
        return [found]
    apart = f"{found.summary}; {len(declared)} more found no session, lost as declared"
    return [replace(found, summary=apart)]


def lost_as_declared(history: History) -> frozenset[int]:
    """The numbers of the refused turns whose session may be lost within the declared durability.

    The session was opened at a time from which the server may have lost acknowledged writes.
    """
    if not history.once(declared_losses):
        return frozenset()
    lost, talks, turns = history.once(may_lose), history.conversations, history.turns
    moments = zip(talks.conversation, talks.started, talks.opened, strict=True)
    # A session that was never opened has NaN, which makes every comparison false.
    opened_in_vain = {index for index, asked, opened in moments if lost(asked, opened)}
    if not opened_in_vain:
        return frozenset()
    refused = (
        number
        for number, index in enumerate(turns.conversation)
        if index in opened_in_vain and turns.state[number] & OUTCOME == FAIL
    )
    return frozenset(number for number in refused if turns[number].status == _NO_SESSION)


def _why(turn: TurnRecord) -> str:
    if turn.outcome is Outcome.OK:
        return "the agent ended the turn without a word"
    return str(turn.error or turn.status or "no error")
