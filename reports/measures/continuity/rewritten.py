"""Texts that are stored otherwise than they were sent: the store's doing, or the application's?

A plugin may rewrite messages and replies before they are stored (to take out names and numbers).
It does so in calm as in a fault, to one turn in twenty or to each.  A store that mixes up its turns
does it now and then, where attempts meet.  So what is stored otherwise is held against nobody when
it is so in many of the turns that were answered at once, at a time without any fault; else it is a
fork.
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

Suspect = tuple[int, ConversationRecord, list[TurnRecord], list[AuditRecord]]


def calm(
    history: History, turns: Sequence[TurnRecord], otherwise: Mapping[str, Stored]
) -> Counter[str]:
    """How many of the turns, answered at once and in no fault's reach, are stored otherwise."""
    found: Counter[str] = Counter()
    for turn in turns:
        stored = otherwise.get(turn.turn_id)
        if stored is None or turn.attempts != 1 or turn.unsure:
            continue
        if beside_a_fault(history, turn.sent, turn.done):
            continue
        found["message"] += stored.other_message
        found["reply"] += stored.other_reply
    return found


def calm_turns(history: History) -> int:
    """How many turns were acknowledged at once and in no fault's reach."""
    turns = history.turns
    return sum(
        state & OUTCOME == OK and not state & RETRIED and not beside_a_fault(history, sent, done)
        for state, sent, done in zip(turns.state, turns.sent, turns.done, strict=True)
    )


def judge_suspects(history: History, census: Census, suspects: Sequence[int]) -> None:
    """Judge those conversations with texts that are stored otherwise, now that all are known."""
    enough = max(_FEWEST, _SHARE * calm_turns(history))
    rules = {kind for kind in ("message", "reply") if census.otherwise[kind] >= enough}
    for index in suspects:
        (record,) = history.conversations.of(index)
        suspect = (index, record, history.turns.of(index), history.audits.of(index))
        census.convict(_judge(history, census, suspect, rules))


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
