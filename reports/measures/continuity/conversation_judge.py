"""Judges one conversation: its acknowledged turns against the reads of its session."""

from __future__ import annotations

import math
from functools import cached_property

from reports.measures.continuity.attribution import attribute
from reports.measures.continuity.call_witness import CallWitness
from reports.measures.continuity.durability import Excuse
from reports.measures.continuity.history_check import Expected, Judgement, Stored, judge_audit
from reports.measures.continuity.perhaps_expired import SAW, GoneSession, gone
from reports.measures.continuity.rules import rules
from reports.measures.continuity.session_model import (
    Presence,
    SessionModel,
    answer_of,
    asked_at,
    last_acknowledged,
    may_be_opened_late,
    turns_all_known,
    was_added_to,
)
from reports.measures.continuity.tallies import Tallies
from reports.measures.continuity.violations import Violation
from reports.measures.continuity.witness import Testimony, Witness
from reports.records import AuditRecord, ConversationRecord, Outcome, TurnRecord
from reports.records.history import History

_NO_TURN = 404
_EXPLAIN_CONTEXT = {"duplicated", "reordered", "phantom", "leaked", "forked", "half_turn"}
"""Violations proven by an audit that also change the contents shown to the model."""
_ALIVE = "it, which a forgotten attempt may have kept alive"
_HALF = "a half of it, which may still have been written when it was read"
_PERHAPS_NEW = (
    Presence.EITHER,
    Presence.GONE_BUT_FOR_FORGOTTEN,
    Presence.THERE_BUT_FOR_DURABILITY,
)
"""Whether the session may be another one, with the same id, than that of the previous turn."""
_GONE = Presence.GONE
_LATE = (_GONE, Presence.GONE_BUT_FOR_FORGOTTEN)


_INNOCENT = frozenset({Testimony.TRUE, Testimony.NONE, Testimony.BY_DESIGN})
_NO_EVIDENCE = frozenset({Testimony.NONE, Testimony.BY_DESIGN, Testimony.DOUBTED, Testimony.SHARED})
_OK, _INFO = Outcome.OK, Outcome.INFO
"""A local alias, since looking an enum member up takes as long as ten comparisons."""


class ConversationJudge:
    """Follows one conversation in order of time: its turns and the reads of its session."""

    def __init__(
        self, history: History, index: int, record: ConversationRecord | None, tallies: Tallies
    ) -> None:
        self._history = history
        self._all_known = turns_all_known(record)
        self._index = index
        self._tallies = tallies
        self._stamped = history.stamps_turn_ids
        self._record = record
        run = history.once(rules)
        self._may_lose = run.may_lose
        self._excuses = run.excuses
        self._writing_until = run.writing_until
        opened = self._record.opened if self._record else None
        self._opened = opened is not None
        self._opening = (
            None if opened is None else self._excuses(*asked_at(record, opened), -math.inf)
        )
        self._deletion = self._lost_deletion()
        self._model = SessionModel(
            self._record,
            history.run.ttl_seconds,
            durable=self._opening is None,
            expires=history.run.ttl_known,
            late_until=run.late_until,
            deletion_durable=self._deletion is None,
        )
        self._once = not history.run.foreign
        self._beginnings = [0]
        self._taken: list[TurnRecord] = []
        self._shown: dict[int, float] = {}
        """The time of the last read or turn that showed a turn to exist."""
        self._last_good = opened or 0.0
        self._found: list[Violation] = []
        self.other_context: list[Violation] = []
        """Violations by witnesses of other texts than sent, which a read may explain."""
        self.otherwise: dict[str, Stored] = {}
        """Turns stored with another text than sent or acknowledged, by their ids."""
        self._doubts: dict[tuple[str, str], Violation] = {}
        """Open questions of the last read, by class and by observation."""
        self._perhaps_anew: dict[int, GoneSession | None] = {}
        """Turn in which a session may have begun again -> the one that was gone then."""
        self._repeated = self._within = self._notes = 0

    @cached_property
    def _witness(self) -> Witness | CallWitness:
        if len(self._history.calls):
            return CallWitness(self._history, self._index)
        return Witness(self._once)

    def judge(
        self, turns: list[TurnRecord], audits: list[AuditRecord], *, plain: bool = False
    ) -> list[Violation]:
        """The violations; the other counts of the conversation go into the tallies.

        `plain`: its turns are known to need no explanation (see `fast_path`), and all reads came
        after them, so that judging them one by one can be skipped.
        """
        if plain:
            self._took_all(turns)
            turns = []
        waiting = iter(turns)
        turn = next(waiting, None)
        judged = False
        shown: set[str] = set()
        for audit in audits:
            while turn is not None and turn.sent <= audit.at:
                self._take(turn)
                turn = next(waiting, None)
            judged |= self._read(audit, shown)
        while turn is not None:
            self._take(turn)
            turn = next(waiting, None)
        if self._opened:
            self._tallies.opened += 1
            self._tallies.audited += judged
        self._tallies.repeated += self._repeated
        self._tallies.within_durability += self._within
        self._tallies.notes += self._notes
        for doubt in self._doubts.values():
            self._tallies.doubts[doubt.kind].add(doubt)
        if self.other_context and not _EXPLAIN_CONTEXT & {each.kind for each in self._found}:
            self._found += self.other_context
        return self._found

    def _took_all(self, turns: list[TurnRecord]) -> None:
        """Take all turns, which were acknowledged at once, in time and with the right witness."""
        self._tallies.acknowledged += len(turns)
        self._tallies.witnessed += len(turns)
        self._last_good = turns[-1].done
        self._model.took_all(turns)
        self._taken = turns

    def _take(self, turn: TurnRecord) -> None:
        if turn.reopened is not None:
            self._took_another_session(turn, turn.reopened)
        presence = self._model.presence(turn.sent, turn.done)
        if turn.reopened is not None and turn.outcome is not Outcome.OK:
            pass  # even if the new session is lost, it was empty
        elif turn.outcome is not Outcome.OK and turn.status == _NO_TURN:
            self._absent(presence, turn.turn_id, turn.done, answer_of(turn))
        elif self._taken and turn.reopened is None:
            if presence in _PERHAPS_NEW:
                self._perhaps_anew[turn.turn] = self._gone(turn.turn_id, turn.done, answer_of(turn))
                self._witness.may_begin_anew(turn.turn)
                self._beginnings.append(turn.turn)
            elif presence is Presence.GONE:
                self._witness.must_begin_anew(turn.turn)
                self._beginnings = [turn.turn]
        self._testify(turn)
        if turn.outcome is Outcome.OK:
            self._tallies.acknowledged += 1
            self._opened = True
            self._last_good = turn.done
        self._model.took(turn, self._excuse(turn) is None)
        self._taken.append(turn)

    def _took_another_session(self, turn: TurnRecord, told: float) -> None:
        """Judge a session that the service reported gone; its history then starts again."""
        presence = self._model.presence(turn.sent, told)
        self._tallies.read_late += presence is Presence.GONE
        self._absent(presence, turn.turn_id, told, answer_of(turn))
        self._witness.must_begin_anew(turn.turn)
        self._beginnings = [turn.turn]
        self._model.reopened(told)

    def _testify(self, turn: TurnRecord) -> None:
        testimony = self._witness.turn(turn, self._excuse(turn) is None)
        self._tallies.witnessed += testimony not in _NO_EVIDENCE
        self._tallies.by_design += testimony is Testimony.BY_DESIGN
        if self._witness.beginnings is not None:
            # If the TTL left it open, the witness shows where the session began.
            agreeing = [each for each in self._beginnings if each in self._witness.beginnings]
            self._beginnings = agreeing or self._beginnings
            if self._may_lose:
                self._shown |= dict.fromkeys(self._witness.shown, turn.sent)
        if testimony in _INNOCENT:
            return
        acknowledged = sum(t.outcome is Outcome.OK for t in self._taken)
        violation = Violation(
            kind="resurrected" if testimony is Testimony.STALE else "context_missed",
            conversation=self._index,
            turn_id=turn.turn_id,
            count=1,
            since=self._last_good,
            at=turn.done,
            where=answer_of(turn),
            expected=f"that the model was shown this message and the {acknowledged} acknowledged "
            f"before it{last_acknowledged(self._taken)}",
            saw=f"{testimony.value} ({self._witness.saw(turn)})",
        )
        if testimony is Testimony.DOUBTED:
            self._tallies.doubts[violation.kind].add(violation)
        elif testimony is Testimony.SHARED:
            for call in self._witness.shared:
                self._tallies.shared[call].append(violation)
        else:
            other = testimony is Testimony.OTHER
            (self.other_context if other else self._found).append(violation)

    def _read(self, audit: AuditRecord, shown: set[str]) -> bool:
        """Judge one read of the session; True if it is evidence about the acknowledged turns.

        A session that is gone when it may be gone is no evidence.
        """
        self._model.asked(audit)
        presence = self._model.presence(audit.at, audit.done)
        if audit.status not in ("found", "gone"):
            self._tallies.unread[audit.error or "no answer"] += 1
            return False
        self._model.read(audit)
        where = f"read back from {audit.replica or 'a replica without a name'}"
        if audit.status == "gone":
            self._tallies.read_late += presence is _GONE
            # The session is gone, so attempts that may have kept it alive are over.
            self._doubts.pop(("resurrected", _ALIVE), None)
            if self._opened:
                self._absent(presence, None, audit.done, where)
            return presence in (Presence.THERE, Presence.THERE_BUT_FOR_DURABILITY)
        self._tallies.nameless += audit.user is None
        expected = ""
        if presence in _LATE or self._deletion is not None:
            expected = f"no session any more{last_acknowledged(self._taken)}"
        if presence in _LATE and may_be_opened_late(audit, self._taken):
            saw = "an empty one, which a forgotten attempt to open it may have opened"
            self._doubt("resurrected", None, audit.done, where, expected, saw)
            return False
        if presence is _GONE:
            self._tallies.read_late += 1
            self._convict("resurrected", None, audit.done, where, expected, "it")
            return True
        if presence in _LATE and not was_added_to(audit, shown, self._taken):
            self._doubt("resurrected", None, audit.done, where, expected, _ALIVE)
        if self._deletion is not None and self._was_deleted_before(audit):
            if self._deletion is Excuse.UNSEEN:
                saw = f"it: {Excuse.UNSEEN.value}"
                self._doubt("resurrected", None, audit.done, where, expected, saw)
            else:
                self._within = max(self._within, 1)
        if not self._stamped:
            if not self._history.run.foreign:
                return False
            audit = attribute(audit, self._taken)
        judgement = self._judge_audit(audit)
        self._learn(audit, judgement, where)
        self._shrank(audit, shown, where)
        # Half a turn that its attempt removes again does not count.
        shown.difference_update(judgement.under_way)
        return True

    def _judge_audit(self, audit: AuditRecord) -> Judgement:
        def under_way(turn: TurnRecord) -> bool:
            unsettled = turn.outcome is _INFO or turn.unsure > 0
            return unsettled and audit.at <= self._writing_until(turn.sent, turn.done)

        def may_come_late(turn: TurnRecord) -> bool:
            lost = self._excuses(turn.sent, turn.done, -math.inf) is not None
            return turn.unsure > 0 and lost

        return judge_audit(
            audit,
            Expected(
                conversation=self._index,
                user=self._record.user if self._record else None,
                turns=self._taken,
                beginnings=self._beginnings,
                sent_as=self._history.turns.sent_as,
                all_known=self._all_known,
                durable=lambda turn: self._excuse(turn) is None,
                unseen=lambda turn: self._excuse(turn) is Excuse.UNSEEN,
                may_come_late=may_come_late,
                under_way=under_way,
                once=self._once,
            ),
        )

    def _learn(self, audit: AuditRecord, judgement: Judgement, where: str) -> None:
        """Add the evidence of a read of the session."""
        self._found += judgement.violations
        if judgement.otherwise:
            self.otherwise |= judgement.otherwise
        self._repeated = max(self._repeated, judgement.repeated)
        self._within = max(self._within, judgement.within_durability)
        self._notes = max(self._notes, judgement.notes)
        self._beginnings = judgement.beginnings or self._beginnings
        if self._perhaps_anew:
            self._tallies.perhaps_expired.add(self._perhaps_anew.get(min(self._beginnings)))
        if self._may_lose:
            here = {item.turn_id for item in audit.history}
            self._shown |= {t.turn: audit.at for t in self._taken if t.turn_id in here}
        self._doubts.pop(("half_turn", _HALF), None)
        if judgement.under_way:
            turn_id, count = judgement.under_way[0], len(judgement.under_way)
            expected = "the turn whole or not at all"
            self._doubt("half_turn", turn_id, audit.done, where, expected, _HALF, count)
        if judgement.unseen:
            turn_id, count = judgement.unseen[0], len(judgement.unseen)
            saw = f"a history without it: {Excuse.UNSEEN.value}"
            self._doubt("lost", turn_id, audit.done, where, "it, acknowledged", saw, count)

    def _lost_deletion(self) -> Excuse | None:
        """Why the acknowledged deletion may have been lost; None: it cannot have been."""
        record = self._record
        if record is None or record.deleted is None:
            return None
        asked = record.deleted if record.ended is None else record.ended
        return self._excuses(asked, record.deleted, -math.inf)

    def _was_deleted_before(self, audit: AuditRecord) -> bool:
        deleted = self._record.deleted if self._record else None
        return deleted is not None and audit.at >= deleted

    def _shrank(self, audit: AuditRecord, shown: set[str], where: str) -> None:
        """A turn of unknown fate may be absent, but must not disappear after it was read."""
        unsettled = [turn for turn in self._taken if turn.outcome is _INFO]
        if not unsettled:
            return
        now = {item.turn_id for item in audit.history}
        for turn in unsettled:
            if turn.turn_id in shown - now:
                saw = "a history without it"
                self._convict("truncated", turn.turn_id, audit.done, where, "all its events", saw)
        shown.update(turn_id for turn_id in now if turn_id is not None)

    def _absent(self, presence: Presence, turn_id: str | None, at: float, where: str) -> None:
        """Judge a read that was told that the session does not exist."""
        acknowledged, expected = self._contents()
        count = max(1, len(acknowledged))
        if presence is Presence.THERE:
            if any(v.kind == "lost" for v in self._found):
                return
            self._convict("lost", turn_id, at, where, expected, "404, no such session", count)
        elif presence is Presence.THERE_BUT_FOR_DURABILITY:
            if Excuse.UNSEEN in (self._opening, *map(self._excuse, acknowledged)):
                saw = f"404, no such session: {Excuse.UNSEEN.value}"
                self._doubt("lost", turn_id, at, where, expected, saw, count)
            else:
                self._within = max(self._within, count)
        elif presence is Presence.EITHER:
            self._tallies.perhaps_expired.add(self._gone(turn_id, at, where))

    def _gone(self, turn_id: str | None, at: float, where: str) -> GoneSession | None:
        acknowledged, expected = self._contents()
        about = (max(1, len(acknowledged)), self._last_good, at, where, expected, SAW)
        loss = Violation("lost", self._index, turn_id, *about)
        return gone(self._model, loss, self._history.faults)

    def _contents(self) -> tuple[list[TurnRecord], str]:
        """The acknowledged turns of the session, and the same in words."""
        acknowledged = [turn for turn in self._taken if turn.outcome is _OK]
        kept = f"its {len(acknowledged)} acknowledged turns{last_acknowledged(self._taken)}"
        return acknowledged, f"{kept} within the TTL of {self._history.run.ttl_seconds:g} s"

    def _convict(
        self,
        kind: str,
        turn_id: str | None,
        at: float,
        where: str,
        expected: str,
        saw: str,
        count: int = 1,
    ) -> None:
        self._found.append(
            Violation(kind, self._index, turn_id, count, self._last_good, at, where, expected, saw)
        )

    def _doubt(
        self,
        kind: str,
        turn_id: str | None,
        at: float,
        where: str,
        expected: str,
        saw: str,
        count: int = 1,
    ) -> None:
        self._doubts[kind, saw] = Violation(
            kind, self._index, turn_id, count, self._last_good, at, where, expected, saw
        )

    def _excuse(self, turn: TurnRecord) -> Excuse | None:
        """Why an acknowledged write may be missing; None: it must exist."""
        return self._excuses(turn.sent, turn.done, self._shown.get(turn.turn, -math.inf))
