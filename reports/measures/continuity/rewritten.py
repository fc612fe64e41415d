"""Texts stored differently from the sent ones: caused by the store, or by the application?

A plugin may rewrite messages and replies before they are stored (to remove names and numbers).  It
does so with and without faults, in one turn of twenty or in all.  A store that mixes up turns does
so rarely, when attempts overlap.  So differing texts are accepted if they occur in many of the
turns that were answered at once and without any fault nearby; else they are forks.  In a short run
nearly all turns may be near a fault: if there are so few calm turns that chance explains why the
texts differ less in them than in the others, it is a doubt.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from reports.measures.beside import beside_a_fault
from reports.measures.continuity.conversation_judge import ConversationJudge
from reports.measures.continuity.history_check import Stored
from reports.measures.continuity.tallies import Tallies
from reports.measures.continuity.violations import Violation
from reports.measures.intervals import binomial_tail, share_interval
from reports.records import AuditRecord, ConversationRecord, TurnRecord
from reports.records.columns import OK, OUTCOME, RETRIED
from reports.records.history import History

_SHARE, _FEWEST = 0.05, 5
"""From this share and number of calm turns on, differing texts are the application's rule."""
_FEWEST_CALM, _SURE_SHARE = 2, 0.02
"""Fewer than `_FEWEST` calm ones are its rule if their share is surely larger than this, and not
smaller than near faults."""
_BY_CHANCE = 0.01
"""It is a doubt if chance spares the calm turns so well with at least this probability."""
_FEWEST_DOUBTED, _DOUBTED_SHARE = 3, 0.02
"""A doubt needs so many differing texts, in so many conversations, and this share of the turns."""
_FEWEST_DOUBTED_CALM = 2
"""The same if some are calm: a store that mixes up turns where attempts overlap leaves none."""

Suspect = tuple[int, ConversationRecord, list[TurnRecord], list[AuditRecord]]


def calm(
    history: History, turns: Sequence[TurnRecord], otherwise: Mapping[str, Stored]
) -> Counter[str]:
    """The turns stored otherwise, among those answered at once and without a fault nearby."""
    return at_once(
        [turn for turn in turns if not beside_a_fault(history, turn.sent, turn.done)], otherwise
    )


def at_once(turns: Sequence[TurnRecord], otherwise: Mapping[str, Stored]) -> Counter[str]:
    """The turns stored otherwise, among those answered at once."""
    found: Counter[str] = Counter()
    for turn in turns:
        stored = otherwise.get(turn.turn_id)
        if stored is not None and turn.attempts == 1 and not turn.unsure:
            found["message"] += stored.other_message
            found["reply"] += stored.other_reply
    return found


def answered_at_once(history: History) -> tuple[int, int]:
    """The number of turns acknowledged at once, and of those without a fault nearby."""
    turns = history.turns
    times = [
        (sent, done)
        for state, sent, done in zip(turns.state, turns.sent, turns.done, strict=True)
        if state & OUTCOME == OK and not state & RETRIED
    ]
    return len(times), sum(not beside_a_fault(history, sent, done) for sent, done in times)


@dataclass(frozen=True, slots=True)
class _Found:
    """Texts stored otherwise, among the turns that were answered at once."""

    calm: int
    calm_turns: int
    anywhere: int
    turns: int
    conversations: int

    @property
    def is_a_rule(self) -> bool:
        """Whether calm turns show that the application rewrites."""
        if self.calm >= max(_FEWEST, _SHARE * self.calm_turns):
            return True
        if self.anywhere < _FEWEST or self.calm < _FEWEST_CALM:
            return False
        surely, _ = share_interval(self.calm, self.calm_turns)
        return surely >= _SURE_SHARE and self.calm >= self._share_near_faults * self.calm_turns / 2

    @property
    def may_be_a_rule(self) -> bool:
        """Whether chance explains that calm turns show less of it than the others."""
        fewest = _FEWEST_DOUBTED_CALM if self.calm else _FEWEST_DOUBTED
        if min(self.anywhere, self.conversations) < fewest:
            return False
        if self.anywhere < _DOUBTED_SHARE * self.turns:
            return False
        return self._spared_by_chance >= _BY_CHANCE

    @property
    def _spared_by_chance(self) -> float:
        """The probability that chance leaves calm turns with no more of them than they have."""
        if self.calm:
            # It occurs in calm too, so the share near faults is as uncertain as the one in calm.
            return _at_most(self.calm, self.anywhere, self.calm_turns, self.turns)
        if not self.calm_turns:
            return 1.0
        return 1.0 - binomial_tail(1, self.calm_turns, self._share_near_faults)

    @property
    def _share_near_faults(self) -> float:
        near = self.turns - self.calm_turns
        return (self.anywhere - self.calm) / near if near else 0.0


def _at_most(few: int, found: int, calm_turns: int, turns: int) -> float:
    """The probability that at most `few` of the `found` turns are calm, if calm turns and others
    are as likely to be found (hypergeometric distribution)."""
    ways = sum(
        math.comb(calm_turns, k) * math.comb(turns - calm_turns, found - k)
        for k in range(min(few, found) + 1)
    )
    return ways / math.comb(turns, found)


def judge_suspects(history: History, tallies: Tallies, suspects: Sequence[int]) -> None:
    """Judge the conversations with differing texts, after all conversations have been read."""
    rules, perhaps = set(), set()
    turns, calm_turns = answered_at_once(history)
    for kind, anywhere in tallies.otherwise_anywhere.items():
        found = _Found(tallies.otherwise[kind], calm_turns, anywhere, turns, len(suspects))
        if found.is_a_rule:
            rules.add(kind)
        elif found.may_be_a_rule:
            perhaps.add(kind)
    for index in suspects:
        (record,) = history.conversations.of(index)
        suspect = (index, record, history.turns.of(index), history.audits.of(index))
        violations = _judge(history, tallies, suspect, rules)
        if violations and perhaps:
            certain = _judge(history, Tallies(), suspect, rules | perhaps)
            for violation in violations:
                if violation not in certain:
                    tallies.doubts[violation.kind].add(violation)
            violations = certain
        tallies.convict(violations)


def _judge(
    history: History, tallies: Tallies, suspect: Suspect, rules: set[str]
) -> list[Violation]:
    """The violations of one conversation that the application's rules do not explain."""
    index, record, turns, audits = suspect
    judge = ConversationJudge(history, index, record, Tallies())
    violations = judge.judge(turns, audits)
    if not rules:
        return violations
    stored = [_as_stored(turn, judge.otherwise.get(turn.turn_id), rules) for turn in turns]
    tallies.stored_otherwise += sum(a is not b for a, b in zip(stored, turns, strict=True))
    again = ConversationJudge(history, index, record, Tallies())
    violations = again.judge(stored, audits)
    if "message" not in rules:
        return violations
    # The model is shown either the sent or the stored texts.  From the first turn whose stored text
    # was not read, the stored ones are a guess.
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
