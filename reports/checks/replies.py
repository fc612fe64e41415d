"""Replies without the model's witness, and stored replies that the customer did not get."""

from __future__ import annotations

from itertools import islice

from reports.records import Finding, Status
from reports.records.columns import OK, OUTCOME, UNSEEN, WORDLESS
from reports.records.history import History

_EVIDENCE_LINES = 20


def check_replies(history: History) -> list[Finding]:
    """Gate the replies of the acknowledged turns."""
    return [*_unwitnessed(history), *_swallowed(history)]


def _unwitnessed(history: History) -> list[Finding]:
    """The scripted model adds a witness to every reply, so one without is not the model's.

    If no reply has one, the service drops the metadata; the gate on the context reports that.
    """
    if not history.run.model_is_ours:
        return []
    turns = history.turns
    bare = turns.count(lambda state: state & (OUTCOME | UNSEEN) == OK | UNSEEN)
    signed = turns.count(lambda state: not state & (OUTCOME | UNSEEN | WORDLESS))
    if not signed:
        return []
    numbers = (n for n, state in enumerate(turns.state) if state & (OUTCOME | UNSEEN) == UNSEEN)
    found = [turns[number] for number in islice(numbers, _EVIDENCE_LINES)] if bare else []
    return [
        Finding(
            check="errors.unwitnessed",
            phase="run",
            status=Status.FAIL if bare else Status.PASS,
            value=bare,
            limit=0,
            unit="turns",
            summary=f"{bare} of {bare + signed} acknowledged replies carry no witness of the "
            "model, limit 0",
            evidence=tuple(
                f"conversation {turn.conversation}, turn {turn.turn_id}: answered by "
                f"{turn.replica or 'nobody'} at {turn.done:.2f} s with reply {turn.reply}"
                for turn in found
            ),
        )
    ]


def _swallowed(history: History) -> list[Finding]:
    """Gate turns without a reply whose session holds one; no finding without any."""
    turns = history.turns
    if not turns.count(lambda state: state & (OUTCOME | WORDLESS) == WORDLESS):
        return []
    kept, evidence = 0, []
    for index, _, taken, audits in history.talks():
        silent = {turn.turn_id for turn in taken if turn.outcome == "ok" and turn.reply is None}
        if not silent:
            continue
        said = {i.turn_id for audit in audits for i in audit.history if i.kind == "reply"}
        for turn_id in sorted(silent & {name for name in said if name is not None}):
            kept += 1
            evidence.append(f"conversation {index}, turn {turn_id}: empty, but its reply is kept")
    return [
        Finding(
            check="errors.swallowed",
            phase="run",
            status=Status.FAIL if kept else Status.PASS,
            value=kept,
            limit=0,
            unit="turns",
            summary=f"{kept} turns ended without a word for the customer, while their session "
            "holds a reply, limit 0",
            evidence=tuple(evidence[:_EVIDENCE_LINES]),
        )
    ]
