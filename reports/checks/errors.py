"""Errors: the share of offered turns that was not acknowledged, retries included."""

from __future__ import annotations

from itertools import islice

from reports.checks.sampled import gate_share
from reports.columns import OUTCOME, WORDLESS
from reports.history import History
from reports.records import Finding, Outcome, Status, TurnRecord


def check_errors(history: History) -> list[Finding]:
    """Gate the share of turns that the customer did not get an answer to."""
    limit = history.run.slo("error_rate")
    turns = history.turns
    offered = len(turns)
    bad = offered - turns.answered
    examples = (n for n, state in enumerate(turns.state) if state & (OUTCOME | WORDLESS))
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
    return [gate_share("errors.rate", bad, offered, limit, "got no answer", told)]


def _why(turn: TurnRecord) -> str:
    if turn.outcome is Outcome.OK:
        return "the agent ended the turn without a word"
    return str(turn.error or turn.status or "no error")
