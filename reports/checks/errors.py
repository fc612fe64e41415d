"""Errors: the share of offered turns that was not acknowledged, retries included."""

from __future__ import annotations

from reports.history import History
from reports.records import Finding, Outcome, Status, TurnRecord


def check_errors(history: History) -> list[Finding]:
    """Gate the share of turns that the customer did not get an answer to."""
    limit = history.run.slo("error_rate")
    offered = len(history.turns)
    bad = [turn for turn in history.turns if turn.outcome is not Outcome.OK or turn.reply is None]
    if not offered:
        return [
            Finding("errors.rate", "run", Status.UNKNOWN, None, limit, "", "No turn was offered")
        ]
    rate = len(bad) / offered
    return [
        Finding(
            check="errors.rate",
            phase="run",
            status=Status.PASS if rate <= limit else Status.FAIL,
            value=rate,
            limit=limit,
            unit="share",
            summary=f"{len(bad)} of {offered} turns got no answer ({rate:.3%}), limit {limit:.3%}",
            evidence=tuple(
                f"conversation {turn.conversation}, turn {turn.turn_id}: {turn.outcome} at "
                f"{turn.done:.2f} s after {turn.attempts} attempts, last asked "
                f"{turn.replica or 'nobody'}: {_why(turn)}"
                for turn in bad[:20]
            ),
        )
    ]


def _why(turn: TurnRecord) -> str:
    if turn.outcome is Outcome.OK:
        return "the agent ended the turn without a word"
    return str(turn.error or turn.status or "no error")
