"""One customer, from arrival to the read-back of the conversation."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from loadtests.adk.attempt import Attempt
from loadtests.arrivals.conversation import ConversationPlan, Ending
from loadtests.customers.audit import Artifacts, read_back, shows_a_half
from loadtests.customers.backoff import OPENING
from loadtests.customers.likeness import MOST_CHARACTERS
from loadtests.customers.retry import Deadline, RetryState, Tries, ask_with_retries
from loadtests.customers.turn import CustomerContext, TurnInPlay
from loadtests.generator.generator_stats import GeneratorStats
from reports.records import (
    DELETION_FAILED,
    AuditRecord,
    ConversationRecord,
    Fate,
    Outcome,
    TurnRecord,
)

READ_AGAIN_S = (1.0, 1.5, 2.5, 7.0, 20.0)
"""Waits between reads of a session with half a turn, which a lost attempt may still be writing."""


class CutOff(Exception):
    """Thrown into a thinking customer whose connection is cut; `back` is run time."""

    def __init__(self, back: float) -> None:
        super().__init__(f"cut off until {back:.3f} s")
        self.back = back


@dataclass(slots=True)
class Customer:
    """Plays one plan, and writes its records even if it is interrupted."""

    plan: ConversationPlan
    due: float
    """The customer's arrival, run time."""
    context: CustomerContext
    stats: GeneratorStats
    started: float | None = None
    opened: float | None = None
    ended: float | None = None
    deleted: float | None = None
    error: str | None = None
    last_touch: float | None = None
    """The last known use or read of the session; None while it may be in use."""
    thinking: bool = False
    """Whether the customer is between two turns; only then may `CutOff` be thrown."""
    unsettled: frozenset[str] = frozenset()
    """The ids of the turns with an attempt of unknown outcome."""
    artifacts: Artifacts = field(default_factory=dict)
    """The artifacts that its turns have saved, by the reads of its session."""
    replies: dict[int, tuple[str, str]] = field(default_factory=dict)
    """The digest and the beginning of each reply's text, by the number of its turn."""
    _last_sent: float | None = None
    _sessions: int = 1
    _retry_state: RetryState | None = None

    def play(self) -> None:
        """Open the session, take the turns, leave, and read the session back."""
        try:
            self.started = self.context.clock.now()
            self.stats.arrived(self.started - self.due)
            self._converse()
            self.ended = self.context.clock.now()
            if self.opened is not None:
                self._read_back("end")
            deletes = self.plan.ending is Ending.DELETED and self.context.service.deletes
            if deletes and self.error is None:
                self._delete()
        finally:
            fate = Fate.CENSORED if self.ended is None else Fate.OFFERED
            self.context.writer.write(self.conversation_record(fate))

    def cut_off(self, back: float) -> None:
        """The connection is cut until run time `back`; no attempt is made before."""
        if self._retry_state is not None:
            self._retry_state.reconnect_at = time.monotonic() + back - self.context.clock.now()

    def conversation_record(self, fate: Fate) -> ConversationRecord:
        """The record as of now."""
        return ConversationRecord(
            conversation=self.plan.index,
            journey=self.plan.journey,
            user=self.plan.user,
            session=self.plan.session,
            due=self.due,
            started=self.started,
            opened=self.opened,
            ended=self.ended,
            fate=fate,
            turns_planned=len(self.plan.messages),
            deleted=self.deleted,
            error=self.error,
        )

    def _converse(self) -> None:
        retry_state = self._retry_state = RetryState(self.plan.seed)
        due = self.due
        for number in range(len(self.plan.messages)):
            record = self._take_turn(
                TurnInPlay(self.context, self.plan, number, due, Tries()), retry_state
            )
            self.context.writer.write(record)
            self.stats.turn(record)
            self._last_sent = record.sent
            if record.unsure or record.outcome is Outcome.INFO:
                self.unsettled |= {record.turn_id}
            if record.outcome is not Outcome.OK:
                self.error = f"turn {number} ended {record.outcome}: {record.error}"
                return
            if number < len(self.plan.think_seconds):
                due = record.done + self.plan.think_seconds[number]
                # Thousands of customers think at a time, so drop the finished turn first.
                del record
                due = self._think(due)
                self.stats.sending(self.context.clock.now() - due)

    def _think(self, due: float) -> float:
        """Wait for the next turn; returns when it was due: as planned, or after a cut-off."""
        while (left := due - self.context.clock.now()) > 0:
            self.thinking = True
            try:
                time.sleep(left)
            except CutOff as cut:
                due = min(due, cut.back)
            finally:
                self.thinking = False
        return due

    def _take_turn(self, turn: TurnInPlay, retry_state: RetryState) -> TurnRecord:
        deadline = Deadline(self.context.limits.deadline_s)
        try:
            if self.opened is None:
                self._open(turn, retry_state, deadline)
            if self.opened is not None:
                turn.play(retry_state, deadline)
                if turn.found_no_session() and self._was_away():
                    self._open_another(turn, retry_state, deadline)
        except BaseException:
            # Stopped in the middle: the service may still execute the request.
            if turn.tries.attempts:
                turn.tries.error = "the run was stopped"
                self.context.writer.write(turn.record())
            raise
        record = turn.record()
        if record.reply is not None and (text := turn.reply_text()):
            self.replies[turn.turn] = record.reply, text[:MOST_CHARACTERS]
        return record

    def _was_away(self) -> bool:
        """Whether the session may have expired since the previous turn, during the think time or
        while the service did not answer."""
        now = self.context.clock.now()
        return self._last_sent is not None and now - self._last_sent >= self.context.ttl_seconds

    def _open_another(self, turn: TurnInPlay, retry_state: RetryState, deadline: Deadline) -> None:
        """Repeat the message in a new session, after the old one has expired."""
        self._sessions += 1
        expired = self.plan
        self.plan = replace(expired, session=f"{expired.session}-{self._sessions}")
        if self._open(turn, retry_state, deadline):
            turn.begin_again(self.plan)
            turn.play(retry_state, deadline)

    def _open(self, turn: TurnInPlay, retry_state: RetryState, deadline: Deadline) -> bool:
        """Create the session; on failure the turn fails with the same error and is not sent."""
        tries = Tries()

        def ask(timeout: float) -> Attempt:
            maybe_open = tries.unsure > 0
            return self.context.service.open_session(self.plan, timeout, maybe_open=maybe_open)

        ask_with_retries(tries, ask, self.context.limits, retry_state, deadline)
        if tries.error:
            turn.tries.error = f"{OPENING}{tries.error}"
        if tries.outcome is not Outcome.OK:
            turn.tries.attempts, turn.tries.last = tries.attempts, tries.last
            return False
        if tries.last is not None and tries.last.session is not None:
            turn.plan = self.plan = replace(self.plan, session=tries.last.session)
        if self.opened is None:
            self.opened = self.context.clock.now()
        return True

    def _read_back(self, when: str) -> None:
        # A deletion may take the artifacts too.
        kept = None if self.deleted is not None else self.artifacts
        audit = self._read(when, kept)
        for pause in READ_AGAIN_S:
            if not shows_a_half(audit, self.unsettled):
                break
            time.sleep(pause)
            audit = self._read(when, kept)
        # After an unsettled turn the service may still be writing, so no TTL can be timed.
        self.last_touch = audit.done if self.error is None else None

    def _read(self, when: str, artifacts: Artifacts | None) -> AuditRecord:
        context = self.context
        audit = read_back(
            context.service,
            self.plan,
            context.limits,
            context.clock,
            when,
            artifacts,
            self.replies,
        )
        context.writer.write(audit)
        return audit

    def _delete(self) -> None:
        tries = Tries()

        def ask(timeout: float) -> Attempt:
            return self.context.service.delete_session(self.plan, timeout)

        limits = self.context.limits
        ask_with_retries(
            tries, ask, limits, RetryState(self.plan.seed), Deadline(limits.deadline_s)
        )
        gone_already = tries.unsure and tries.last and tries.last.missing
        if tries.outcome is Outcome.OK or gone_already:
            self.deleted = self.context.clock.now()
            self._read_back("expired")
        else:
            self.error = f"{DELETION_FAILED} {tries.outcome}: {tries.error}"
        self.last_touch = None
