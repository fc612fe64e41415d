"""Texts stored differently from the sent ones: caused by the store, or by the application?

A plugin may rewrite messages and replies before they are stored (to remove names and numbers).  It
does so with and without faults, in one turn of a hundred or in all.  A store that mixes up turns
does so rarely, when attempts overlap.  So a differing text is accepted

- if it is a near copy of what was said, with words that replace those of other texts too, or the
  same text in the place of several others, and such texts are as frequent in calm as near faults,
  and at retries as elsewhere; another near copy is a doubt;
- if differing texts occur in many of the turns that were answered at once and without any fault
  nearby;

and never if it is the text of another turn.  Else it is a fork.  In a short run nearly all turns
may be near a fault: if there are so few calm turns that chance explains why the texts differ less
in them than in the others, it is a doubt.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

import msgspec

from reports.measures.beside import beside_a_fault
from reports.measures.continuity.conversation_judge import ConversationJudge
from reports.measures.continuity.differing import (
    Differing,
    Likenesses,
    Look,
    Owners,
    Text,
    differing,
    likenesses,
)
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
"""A doubt needs this many texts that differ, in as many conversations, and this share of turns."""
_FEWEST_DOUBTED_CALM = 2
"""The same if some are calm: a store that mixes up turns where attempts overlap leaves none."""
_FEWEST_COPIES = 2
"""This many near copies are the application's; one is a doubt."""
_FEWEST_UNKNOWN, _TALKS_UNKNOWN = 3, 2
"""This many texts that were not compared, in this many conversations, are a doubt at any share."""
_FEW_OTHERS = 0.2
"""With so few other texts for each near copy, these may be the application's too."""


class Accepted(IntEnum):
    """Whether a differing text is the application's."""

    NO = 0
    PERHAPS = 1
    YES = 2


Accepts = Callable[[TurnRecord, Text], Accepted]


def answered_at_once(history: History) -> tuple[int, int]:
    """The number of turns acknowledged at once, and of those without a fault nearby."""
    turns = history.turns
    times = [
        (sent, done)
        for state, sent, done in zip(turns.state, turns.sent, turns.done, strict=True)
        if state & OUTCOME == OK and not state & RETRIED
    ]
    return len(times), sum(not beside_a_fault(history, sent, done) for sent, done in times)


def is_a_habit(history: History, turns: Iterable[TurnRecord]) -> bool:
    """Whether calm shows that the application means the difference which these turns have."""
    at_once = [turn for turn in turns if turn.attempts == 1 and not turn.unsure]
    calm = sum(not beside_a_fault(history, turn.sent, turn.done) for turn in at_once)
    every, calm_turns = answered_at_once(history)
    talks = len({turn.conversation for turn in at_once})
    return _Found(calm, calm_turns, len(at_once), every, talks).is_a_rule


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
    def is_as_frequent_in_calm(self) -> bool:
        """Whether chance explains where they are, if they are no likelier near faults."""
        return _at_most(self.calm, self.anywhere, self.calm_turns, self.turns) >= _BY_CHANCE

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
    least = max(0, found - (turns - calm_turns))
    most = min(few, found, calm_turns)
    all_ways = _log_ways(turns, found)
    return sum(
        math.exp(_log_ways(calm_turns, k) + _log_ways(turns - calm_turns, found - k) - all_ways)
        for k in range(least, most + 1)
    )


def _log_ways(of: int, chosen: int) -> float:
    """The logarithm of the number of ways to choose this many of these."""
    return math.lgamma(of + 1) - math.lgamma(chosen + 1) - math.lgamma(of - chosen + 1)


class _Rules:
    """What the application may do to the texts of one kind, by all that differ in the run."""

    def __init__(
        self, history: History, owners: Owners, texts: Iterable[Differing], talks: int
    ) -> None:
        self._owners = owners
        turns, calm_turns = answered_at_once(history)
        retried = history.turns.count(lambda state: state & (OUTCOME | RETRIED) == OK | RETRIED)
        own = [each for each in texts if owners.of(each) is None]
        copies = [each for each in own if owners.is_rewritten(each.text)]
        others = [each for each in own if not owners.is_rewritten(each.text)]
        self._others = _found(others, calm_turns, turns, talks)
        self._copies = _found(copies, calm_turns, turns, talks)
        self._looks = {
            look: _found([each for each in own if each.text.look is look], calm_turns, turns, talks)
            for look in (Look.UNKNOWN, Look.NEAR)
        }
        near = [*copies, *(each for each in others if each.text.look is Look.NEAR)]
        self._retries_by_chance = _spread_by_chance(near, turns, retried)
        self._copied = self._accept_copies()

    def __call__(self, turn: TurnRecord, text: Text) -> Accepted:
        """Whether this text is the application's."""
        if self._owners.of_turn(turn, text) is not None:
            return Accepted.NO
        rewritten = self._owners.is_rewritten(text)
        if turn.attempts > 1 or turn.unsure > 0:
            accepted = self._accept_retry(rewritten, text.look)
        elif rewritten:
            return self._copied
        else:
            accepted = self._accept_others(text.look)
        return accepted if rewritten else max(accepted, self._accept_rule(text.look))

    def _accept_rule(self, look: Look) -> Accepted:
        """What the application's habit explains; texts that were not compared are one group."""
        groups = [self._others, *([self._looks[look]] if look is Look.UNKNOWN else [])]
        if any(group.is_a_rule for group in groups):
            return Accepted.YES
        may_be = any(group.may_be_a_rule for group in groups)
        return Accepted.PERHAPS if may_be else Accepted.NO

    def _accept_copies(self) -> Accepted:
        if self._copies.is_a_rule:
            return Accepted.YES
        if not self._copies.anywhere:
            return Accepted.NO
        if not self._copies.is_as_frequent_in_calm:
            return Accepted.PERHAPS if self._copies.calm else Accepted.NO
        return Accepted.YES if self._copies.anywhere >= _FEWEST_COPIES else Accepted.PERHAPS

    def _accept_retry(self, rewritten: bool, look: Look) -> Accepted:
        """Two attempts may give nearly the same reply, so retries must not show more of them."""
        if not self._retries_by_chance or not (rewritten or look is Look.NEAR):
            return Accepted.NO
        return self._copied if rewritten and self._copied else Accepted.PERHAPS

    def _accept_others(self, look: Look) -> Accepted:
        """What the application may have made, though nothing shows it."""
        found = self._looks.get(look)
        if found is not None and found.is_as_frequent_in_calm:
            enough = found.anywhere >= _FEWEST_UNKNOWN and found.conversations >= _TALKS_UNKNOWN
            if enough or (look is Look.NEAR and found.anywhere):
                return Accepted.PERHAPS
        # An application that makes near copies may also replace a whole text.
        few = self._others.anywhere <= _FEW_OTHERS * self._copies.anywhere
        if few and look in (Look.UNLIKE, Look.UNKNOWN) and self._copied is Accepted.YES:
            return Accepted.PERHAPS
        return Accepted.NO


def _found(texts: Sequence[Differing], calm_turns: int, turns: int, talks: int) -> _Found:
    at_once = [each for each in texts if each.at_once]
    calm = sum(each.calm for each in at_once)
    return _Found(min(calm, calm_turns), calm_turns, min(len(at_once), turns), turns, talks)


def _spread_by_chance(texts: Sequence[Differing], at_once: int, retried: int) -> bool:
    """Whether chance explains how many of these are at retries, if retries are no likelier."""
    again = min(sum(not each.at_once for each in texts), retried)
    first = min(len(texts) - again, at_once)
    return _at_most(first, first + again, at_once, at_once + retried) >= _BY_CHANCE


def judge_suspects(history: History, tallies: Tallies, suspects: Sequence[int]) -> None:
    """Judge the conversations with differing texts, after all conversations have been read."""
    texts = tallies.differing.found
    owners = Owners(history, texts)
    rules = {
        kind: _Rules(history, owners, [t for t in texts if t.text.kind == kind], len(suspects))
        for kind in ("message", "reply")
    }

    def accepts(turn: TurnRecord, text: Text) -> Accepted:
        return rules[text.kind](turn, text)

    for index in suspects:
        (record,) = history.conversations.of(index)
        suspect = _Suspect(
            history, record, history.turns.of(index), history.audits.of(index), owners
        )
        violations = suspect.judge(tallies, accepts, Accepted.YES)
        if violations:
            certain = suspect.judge(Tallies(), accepts, Accepted.PERHAPS)
            for violation in violations:
                if violation not in certain:
                    tallies.doubts[violation.kind].add(violation)
            violations = certain
        tallies.convict(violations)


@dataclass(frozen=True, slots=True)
class _Suspect:
    """A conversation with texts that differ."""

    history: History
    record: ConversationRecord
    turns: list[TurnRecord]
    audits: list[AuditRecord]
    owners: Owners

    def judge(self, tallies: Tallies, accepts: Accepts, least: Accepted) -> list[Violation]:
        """The violations that the application does not explain."""
        judge = self._judge_of()
        violations = judge.judge(self.turns, self.audits)
        known = likenesses(self.audits)
        stored = []
        rewritten = False
        for turn in self.turns:
            as_stored = turn
            if (texts := judge.otherwise.get(turn.turn_id)) is not None:
                as_stored = _as_stored(turn, texts, known, accepts, least)
                rewritten |= as_stored.message != turn.message
            stored.append(as_stored)
        changed = sum(a is not b for a, b in zip(stored, self.turns, strict=True))
        tallies.stored_otherwise += changed
        if not changed:
            return [self._named(violation, judge, known) for violation in violations]
        again = self._judge_of()
        violations = again.judge(stored, self.audits)
        if rewritten:
            # The model is shown either the sent or the stored texts.  From the first turn whose
            # stored text was not read, the stored ones are a guess.
            read = {item.turn_id for audit in self.audits for item in audit.history}
            unread = (turn.sent for turn in self.turns if turn.turn_id not in read)
            guess = next(unread, math.inf)
            as_sent = {v.turn_id for v in judge.other_context if v.at < guess}
            violations = [
                v for v in violations if v not in again.other_context or v.turn_id in as_sent
            ]
        return [self._named(violation, judge, known) for violation in violations]

    def _judge_of(self) -> ConversationJudge:
        return ConversationJudge(self.history, self.record.conversation, self.record, Tallies())

    def _named(
        self, violation: Violation, judge: ConversationJudge, known: Likenesses
    ) -> Violation:
        """The violation with the turn whose text is there, if it is another's."""
        texts = judge.otherwise.get(violation.turn_id or "")
        if violation.kind != "forked" or texts is None:
            return violation
        (turn,) = [turn for turn in self.turns if turn.turn_id == violation.turn_id]
        for text in differing(turn, texts, known):
            if (owner := self.owners.of_turn(turn, text)) is not None:
                saw = f"{violation.saw}; one of the two is the text of turn {owner}"
                return msgspec.structs.replace(violation, saw=saw)
        return violation


def _as_stored(
    turn: TurnRecord, stored: Stored, known: Likenesses, accepts: Accepts, least: Accepted
) -> TurnRecord:
    """The turn with the stored texts that are accepted."""
    texts = {
        text.kind: text.stored
        for text in differing(turn, stored, known)
        if accepts(turn, text) >= least
    }
    return msgspec.structs.replace(turn, **texts) if texts else turn
