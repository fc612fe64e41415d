"""Continuity: did every conversation survive?  One gate for every class of violation."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from reports.checks.attribution import attribute
from reports.checks.audited import Expected, judge_audit
from reports.checks.blameless import blameless
from reports.checks.durability import declared_losses, may_lose
from reports.checks.gaps import missing
from reports.checks.session_model import Presence, SessionModel, turns_all_known
from reports.checks.violations import CLASSES, Violation
from reports.checks.witness import Testimony, Witness
from reports.history import History
from reports.records import AuditRecord, ConversationRecord, Finding, Outcome, Status, TurnRecord

EVIDENCE_LINES = 20
UNVERIFIED_SHARE = 0.01
"""More conversations than this without an answered audit, and continuity is not known."""
_NO_TURN = 404
_EXPLAIN_CONTEXT = {"duplicated", "reordered", "phantom", "leaked", "forked", "half_turn"}
"""Violations that an audit proves and that also show up in what the model is shown."""


@dataclass
class Tally:
    """The violations of one class: all counted, the first ones kept."""

    turns: int = 0
    """How many turns they concern."""
    conversations: int = 0
    first: list[Violation] = field(default_factory=list)
    _latest: int | None = None

    def add(self, violation: Violation) -> None:
        """Count one; those of a conversation come one after the other."""
        self.turns += violation.count
        self.conversations += violation.conversation != self._latest
        self._latest = violation.conversation
        if len(self.first) < EVIDENCE_LINES:
            self.first.append(violation)


@dataclass
class Census:
    """What the conversations of a run showed."""

    violations: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    opened: int = 0
    """Conversations whose session the service acknowledged."""
    audited: int = 0
    """Of these, how many gave an answer that can be judged when they were read back."""
    acknowledged: int = 0
    """Turns acknowledged."""
    witnessed: int = 0
    """Of these, how many came with a witness that could be judged."""
    read_late: int = 0
    """Reads at a time when the session must be gone."""
    within_durability: int = 0
    repeated: int = 0
    """Turns that happened more than once, at a target that never promised otherwise."""
    gaps: list[str] = field(default_factory=list)
    """What is missing of what was recorded, one conversation each."""


def take_census(history: History) -> Census:
    """Judge every conversation."""
    census = Census()
    for index, records, turns, audits in history.talks():
        record = records[-1] if records else None
        gap = missing(record, turns, audits)
        if gap is not None:
            census.gaps.append(f"conversation {index}: {gap}")
        elif _took_the_short_way(history, census, record, turns, audits):
            continue
        known: set[tuple[str, str | None]] = set()
        judge = ConversationJudge(history, index, record, census, whole=gap is None)
        for violation in judge.judge(turns, audits):
            key = (violation.kind, violation.turn_id)
            if key not in known:
                known.add(key)
                census.violations[violation.kind].add(violation)
    return census


def _took_the_short_way(
    history: History,
    census: Census,
    record: ConversationRecord | None,
    turns: list[TurnRecord],
    audits: list[AuditRecord],
) -> bool:
    if not history.stamps_turn_ids or record is None or record.opened is None or not turns:
        return False
    if not history.run.ttl_known:
        return False
    losses = history.once(declared_losses)
    if any(since <= turns[-1].done and record.opened <= heard for since, _, heard in losses):
        return False
    found = blameless(record, turns, audits, history.run.ttl_seconds)
    if found is None:
        return False
    census.opened += 1
    census.audited += found.audited
    census.acknowledged += len(turns)
    census.witnessed += len(turns)
    census.read_late += found.read_late
    return True


def check_continuity(history: History) -> list[Finding]:
    """One finding for each class of violation, and one for what was lost as declared, if any."""
    census = history.once(take_census)
    findings = [_finding(history, census, kind) for kind in CLASSES]
    if census.within_durability:
        why = f"{census.within_durability} acknowledged turns were lost within what "
        why += f"{history.run.durability} declares that it may lose"
        findings.append(_counted_apart("within_durability", census.within_durability, why))
    if census.repeated:
        why = f"{census.repeated} turns happened more than once when they were sent again, which "
        why += "this target does not promise to prevent"
        findings.append(_counted_apart("repeated", census.repeated, why))
    return findings


def _counted_apart(kind: str, turns: int, why: str) -> Finding:
    """What is shown, and held against nobody."""
    return Finding(
        check=f"continuity.{kind}",
        phase="run",
        status=Status.PASS,
        value=turns,
        limit=None,
        unit="turns",
        summary=why,
    )


def _finding(history: History, census: Census, kind: str) -> Finding:
    tally = census.violations.get(kind, Tally())
    title = CLASSES[kind]
    if tally.turns:
        status, summary = (
            Status.FAIL,
            f"{title}: {tally.turns} turns in {tally.conversations} of {census.opened} "
            "conversations",
        )
    else:
        status, summary = _innocent(history, census, kind)
    return Finding(
        check=f"continuity.{kind}",
        phase="run",
        status=status,
        value=tally.turns if tally.turns or status is Status.PASS else None,
        limit=0,
        unit="turns",
        summary=summary,
        evidence=tuple(violation.line(history.faults) for violation in tally.first),
    )


def _innocent(history: History, census: Census, kind: str) -> tuple[Status, str]:
    """No violation was seen: was there enough to see it by?"""
    title = CLASSES[kind]
    unverified = census.opened - census.audited
    if not census.opened:
        return Status.UNKNOWN, "Continuity is not known: no conversation was opened"
    if unverified > UNVERIFIED_SHARE * census.opened:
        return (
            Status.UNKNOWN,
            f"Continuity is not known: {unverified} of {census.opened} conversations could not be "
            "read back",
        )
    if kind == "resurrected" and not history.run.ttl_known:
        after = f"; none after {census.read_late} deletions" if census.read_late else ""
        return Status.UNKNOWN, f"{title}: not known, nor is the target's TTL (--ttl){after}"
    if kind == "resurrected" and not census.read_late:
        return Status.UNKNOWN, f"{title}: not known, no session was read after its TTL"
    if kind == "context_missed" and history.run.model_is_ours:
        silent = census.acknowledged - census.witnessed
        if not census.witnessed or silent > UNVERIFIED_SHARE * census.acknowledged:
            return (
                Status.UNKNOWN,
                f"{title}: not known, {silent} of {census.acknowledged} replies bore no witness",
            )
    if kind == "context_missed" and not census.witnessed:
        by_histories = "none by the histories that were read back"
        if history.run.foreign:
            return Status.UNKNOWN, f"{title}: {by_histories}; what the model was shown is not known"
        return Status.PASS, f"{title}: {by_histories}; this model bears no witness"
    return Status.PASS, f"{title}: none in {census.audited} conversations"


class ConversationJudge:
    """Walks one conversation: its turns, then the reads of its session, in order of time."""

    def __init__(
        self,
        history: History,
        index: int,
        record: ConversationRecord | None,
        census: Census,
        *,
        whole: bool = True,
    ) -> None:
        """`whole`: nothing is missing of what was recorded of this conversation."""
        self._history = history
        self._all_known = whole and turns_all_known(record)
        self._index = index
        self._census = census
        self._stamped = history.stamps_turn_ids
        self._record = record
        self._may_lose = history.once(may_lose)
        opened = self._record.opened if self._record else None
        self._opened = opened is not None
        self._model = SessionModel(
            self._record,
            history.run.ttl_seconds,
            durable=opened is not None and not self._may_lose(_asked(record, opened), opened),
            expires=history.run.ttl_known,
        )
        self._once = not history.run.foreign
        self._witness = Witness(self._once)
        self._beginnings = [0]
        self._taken: list[TurnRecord] = []
        self._last_good = opened or 0.0
        self._found: list[Violation] = []
        self._doubtful: list[Violation] = []
        self._repeated = 0

    def judge(self, turns: list[TurnRecord], audits: list[AuditRecord]) -> list[Violation]:
        waiting = iter(turns)
        turn = next(waiting, None)
        judged = False
        shown: set[str] = set()
        for audit in audits:
            while turn is not None and turn.sent < audit.at:
                self._take(turn)
                turn = next(waiting, None)
            judged |= self._read(audit, shown)
        while turn is not None:
            self._take(turn)
            turn = next(waiting, None)
        if self._opened:
            self._census.opened += 1
            self._census.audited += judged
        self._census.repeated += self._repeated
        if not _EXPLAIN_CONTEXT & {violation.kind for violation in self._found}:
            self._found += self._doubtful
        return self._found

    def _take(self, turn: TurnRecord) -> None:
        if turn.reopened is not None:
            self._took_another_session(turn, turn.reopened)
        presence = self._model.presence(turn.sent, turn.done)
        if turn.reopened is not None and turn.outcome is not Outcome.OK:
            pass  # whatever became of the new session, nothing was in it
        elif turn.outcome is not Outcome.OK and turn.status == _NO_TURN:
            self._absent(presence, turn.turn_id, turn.done, _answer(turn))
        elif self._taken:
            if presence is Presence.EITHER and turn.reopened is None:
                self._witness.may_begin_anew()
                self._beginnings.append(turn.turn)
            elif presence is Presence.GONE and turn.reopened is None:
                self._witness.must_begin_anew()
                self._beginnings = [turn.turn]
        self._testify(turn)
        if turn.outcome is Outcome.OK:
            self._census.acknowledged += 1
            self._opened = True
            self._last_good = turn.done
        self._model.took(turn, self._durable(turn))
        self._taken.append(turn)

    def _took_another_session(self, turn: TurnRecord, told: float) -> None:
        """The service said that the session is gone: was it to be?  Then all begins anew."""
        presence = self._model.presence(turn.sent, told)
        self._census.read_late += presence is Presence.GONE
        self._absent(presence, turn.turn_id, told, _answer(turn))
        self._witness.must_begin_anew()
        self._beginnings = [turn.turn]
        self._model.reopened(told)

    def _testify(self, turn: TurnRecord) -> None:
        testimony = self._witness.turn(turn, self._durable(turn))
        self._census.witnessed += testimony is not Testimony.NONE
        if turn.seen is None or testimony in (Testimony.TRUE, Testimony.NONE):
            return
        acknowledged = sum(t.outcome is Outcome.OK for t in self._taken)
        violation = Violation(
            kind="resurrected" if testimony is Testimony.STALE else "context_missed",
            conversation=self._index,
            turn_id=turn.turn_id,
            count=1,
            since=self._last_good,
            at=turn.done,
            where=_answer(turn),
            expected=f"that the model was shown this message and the {acknowledged} acknowledged "
            f"before it{self._latest()}",
            saw=f"{testimony.value} ({turn.seen.turns} messages)",
        )
        (self._doubtful if testimony is Testimony.OTHER else self._found).append(violation)

    def _read(self, audit: AuditRecord, shown: set[str]) -> bool:
        """Judge one read of the session; True when it shows what became of the acknowledged turns.

        That a session is gone when it may be shows nothing of them.
        """
        presence = self._model.presence(audit.at, audit.done)
        where = f"read back from {audit.replica or 'a replica without a name'}"
        if audit.status not in ("found", "gone"):
            return False
        if presence is Presence.GONE and self._may_be_opened_late(audit):
            return False
        if presence is Presence.GONE:
            self._census.read_late += 1
        self._model.read(audit)
        if audit.status == "gone":
            if self._opened:
                self._absent(presence, None, audit.done, where)
            return presence in (Presence.THERE, Presence.THERE_BUT_FOR_DURABILITY)
        if presence is Presence.GONE:
            expected = f"no session any more{self._latest()}"
            self._convict("resurrected", None, audit.done, where, expected, "it")
            return True
        if not self._stamped:
            if not self._history.run.foreign:
                return False
            audit = attribute(audit, self._taken)
        judgement = judge_audit(
            audit,
            Expected(
                conversation=self._index,
                user=self._record.user if self._record else None,
                turns=self._taken,
                beginnings=self._beginnings,
                sent_as=self._history.turns.sent_as,
                all_known=self._all_known,
                durable=self._durable,
                once=self._once,
            ),
        )
        self._found += judgement.violations
        self._repeated = max(self._repeated, judgement.repeated)
        self._census.within_durability += judgement.within_durability
        self._shrank(audit, shown, where)
        return True

    def _may_be_opened_late(self, audit: AuditRecord) -> bool:
        """Whether an empty session is there that a forgotten attempt to open it may have made.

        An attempt that was given up may wait in the service until what the next one opened has
        expired.  What it then opens is new: nothing of the old session is in it.
        """
        if audit.status != "found" or audit.history:
            return False
        # A turn that was asked once, and answered, failed only before: its session's opening did.
        return any(
            turn.outcome is Outcome.OK and turn.attempts == 1 and turn.error is not None
            for turn in self._taken
        )

    def _shrank(self, audit: AuditRecord, shown: set[str], where: str) -> None:
        """Turns of unknown fate may be absent, but not any more once they were there."""
        now = {item.turn_id for item in audit.history}
        for turn in self._taken:
            if turn.outcome is Outcome.INFO and turn.turn_id in shown - now:
                saw = "a history without it"
                self._convict("truncated", turn.turn_id, audit.done, where, "what was there", saw)
        shown.update(turn_id for turn_id in now if turn_id is not None)

    def _absent(self, presence: Presence, turn_id: str | None, at: float, where: str) -> None:
        """The service says that there is no such session."""
        acknowledged = [turn for turn in self._taken if turn.outcome is Outcome.OK]
        count = max(1, len(acknowledged))
        if presence is Presence.THERE:
            if any(v.kind == "lost" for v in self._found):
                return
            ttl = self._history.run.ttl_seconds
            kept = f"its {len(acknowledged)} acknowledged turns{self._latest()}"
            expected = f"{kept} within the TTL of {ttl:g} s"
            self._convict("lost", turn_id, at, where, expected, "404, no such session", count)
        elif presence is Presence.THERE_BUT_FOR_DURABILITY:
            self._census.within_durability += count

    def _latest(self) -> str:
        """The last turn that was acknowledged: by when the customer knew that all was well."""
        for turn in reversed(self._taken):
            if turn.outcome is Outcome.OK:
                who = turn.replica or "nobody"
                return f" (the last, {turn.turn_id}, acknowledged at {turn.done:.3f} s by {who})"
        return ""

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

    def _durable(self, turn: TurnRecord) -> bool:
        return not self._may_lose(turn.sent, turn.done)


def _asked(record: ConversationRecord | None, opened: float) -> float:
    """When the session was asked for, at the earliest."""
    return opened if record is None or record.started is None else record.started


def _answer(turn: TurnRecord) -> str:
    return f"sent {turn.sent:.3f} s, answered by {turn.replica or 'nobody'}"


def counts(census: Census) -> dict[str, int]:
    """The census as result.json shows it."""
    return {
        **{kind: census.violations.get(kind, Tally()).turns for kind in CLASSES},
        "conversations_audited": census.audited,
        "turns_witnessed": census.witnessed,
        "within_durability": census.within_durability,
    }
