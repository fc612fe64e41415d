"""Texts that are stored otherwise than they were sent: the store's doing, or the application's?

A plugin may rewrite messages and replies before they are stored (to take out names and numbers).
It does so in calm as in a fault, to one turn in twenty or to each.  A store that mixes up its turns
does it now and then, where attempts meet.  So what is stored otherwise is held against nobody when
it is so in many of the turns that were answered at once, at a time without any fault; else it is a
fork.  Where a run has too few calm turns to tell, and it happens in them as often as in the others,
it is a doubt.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from reports.measures.beside import beside_a_fault
from reports.measures.continuity.conversation_judge import ConversationJudge
from reports.measures.continuity.history_check import Stored
from reports.measures.continuity.tallies import Census
from reports.measures.continuity.violations import Violation
from reports.records import AuditRecord, ConversationRecord, TurnRecord
from reports.records.columns import OK, OUTCOME, RETRIED
from reports.records.history import History

_SHARE, _FEWEST = 0.05, 5
"""So large a share of the calm turns, and so many, are stored otherwise: it is the rule of an
application and no accident."""
_FEWEST_CALM = 2
"""With so many calm ones of at least `_FEWEST` in the whole run it may be."""

Suspect = tuple[int, ConversationRecord, list[TurnRecord], list[AuditRecord]]


def calm(
    history: History, turns: Sequence[TurnRecord], otherwise: Mapping[str, Stored]
) -> Counter[str]:
    """How many of the turns, answered at once and in no fault's reach, are stored otherwise."""
    return at_once(
        [turn for turn in turns if not beside_a_fault(history, turn.sent, turn.done)], otherwise
    )


def at_once(turns: Sequence[TurnRecord], otherwise: Mapping[str, Stored]) -> Counter[str]:
    """How many of the turns, answered at once, are stored otherwise."""
    found: Counter[str] = Counter()
    for turn in turns:
        stored = otherwise.get(turn.turn_id)
        if stored is not None and turn.attempts == 1 and not turn.unsure:
            found["message"] += stored.other_message
            found["reply"] += stored.other_reply
    return found


def answered_at_once(history: History) -> tuple[int, int]:
    """How many turns were acknowledged at once, and how many of them in no fault's reach."""
    turns = history.turns
    times = [
        (sent, done)
        for state, sent, done in zip(turns.state, turns.sent, turns.done, strict=True)
        if state & OUTCOME == OK and not state & RETRIED
    ]
    return len(times), sum(not beside_a_fault(history, sent, done) for sent, done in times)


def judge_suspects(history: History, census: Census, suspects: Sequence[int]) -> None:
    """Judge those conversations with texts that are stored otherwise, now that all are known."""
    turns, calm_turns = answered_at_once(history)
    few = _SHARE * calm_turns
    rules = {kind for kind, n in census.otherwise.items() if n >= max(_FEWEST, few)}
    perhaps = {
        kind
        for kind, n in census.otherwise.items()
        if n >= max(_FEWEST_CALM, few)
        and (anywhere := census.otherwise_anywhere[kind]) >= _FEWEST
        and n / calm_turns >= anywhere / turns / 2
    }
    for index in suspects:
        (record,) = history.conversations.of(index)
        suspect = (index, record, history.turns.of(index), history.audits.of(index))
        violations = _judge(history, census, suspect, rules)
        if violations and not perhaps <= rules:
            certain = _judge(history, Census(), suspect, rules | perhaps)
            for violation in violations:
                if violation not in certain:
                    census.doubts[violation.kind].add(violation)
            violations = certain
        census.convict(violations)


def _judge(history: History, census: Census, suspect: Suspect, rules: set[str]) -> list[Violation]:
    """The violations of one conversation, less what the application's rules explain."""
    index, record, turns, audits = suspect
    judge = ConversationJudge(history, index, record, Census())
    violations = judge.judge(turns, audits)
    if not rules:
        return violations
    stored = [_as_stored(turn, judge.otherwise.get(turn.turn_id), rules) for turn in turns]
    census.stored_otherwise += sum(a is not b for a, b in zip(stored, turns, strict=True))
    again = ConversationJudge(history, index, record, Census())
    violations = again.judge(stored, audits)
    if "message" not in rules:
        return violations
    # The model is shown what was sent, or what is stored: a guess from the first turn on of which
    # that was not read.
    read = {item.turn_id for audit in audits for item in audit.history}
    guess = next((turn.sent for turn in turns if turn.turn_id not in read), math.inf)
    as_sent = {v.turn_id for v in judge.other_context if v.at < guess}
    return [v for v in violations if v not in again.other_context or v.turn_id in as_sent]


def _as_stored(turn: TurnRecord, stored: Stored | None, rules: set[str]) -> TurnRecord:
    if stored is None:
        return turn
    message = stored.message if stored.other_message and "message" in rules else turn.message
    reply = stored.reply if stored.other_reply and "reply" in rules else turn.reply
    if (message, reply) == (turn.message, turn.reply):
        return turn
    return msgspec.structs.replace(turn, message=message, reply=reply)
