"""One customer, from arrival to the read-back of the conversation."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from loadtests.adk.service import Attempt
from loadtests.arrivals.conversation import ConversationPlan, Ending
from loadtests.customers.audit import read_back, shows_a_half
from loadtests.customers.retry import Deadline, RetryState, Tries, persist
from loadtests.customers.turn import OPENING, CustomerContext, TurnInPlay
from loadtests.generator.generator_stats import Tally
from reports.records import DELETION_FAILED, ConversationRecord, Fate, Outcome, TurnRecord

READ_AGAIN_S = (1.0, 1.5, 2.5, 7.0, 20.0)
"""How long to wait, each time, when a session shows the half of a turn that an attempt which nobody
heard of again may still be writing."""


class CutOff(Exception):
    """Thrown into a customer who thinks, and whose connection is gone: `back` is run time."""

    def __init__(self, back: float) -> None:
        super().__init__(f"cut off until {back:.3f} s")
        self.back = back


@dataclass(slots=True)
class Customer:
    """Plays one plan.  What happened is written as records, whatever interrupts it."""

    plan: ConversationPlan
    due: float
    """When the customer arrives, run time."""
    desk: CustomerContext
    tally: Tally
    started: float | None = None
    opened: float | None = None
    ended: float | None = None
    deleted: float | None = None
    error: str | None = None
    last_touch: float | None = None
    """When the session was last used or read, so far as known; None while it may be in use."""
    thinking: bool = False
    """Between two turns: the only moment when `CutOff` may be thrown into this customer."""
    unsettled: frozenset[str] = frozenset()
    """The ids of the turns of which an attempt may have happened, and nobody knows."""
    _last_sent: float | None = None
    _sessions: int = 1
    _jitter: RetryState | None = None

    def play(self) -> None:
        """Open the session, take the turns, leave, and read back what the service has kept."""
        try:
            self.started = self.desk.clock.now()
            self.tally.arrived(self.started - self.due)
            self._converse()
            self.ended = self.desk.clock.now()
            if self.opened is not None:
                self._read_back("end")
            if self.plan.ending is Ending.DELETED and self.error is None:
                self._delete()
        finally:
            fate = Fate.CENSORED if self.ended is None else Fate.OFFERED
            self.desk.writer.write(self.conversation_record(fate))

    def cut_off(self, back: float) -> None:
        """The connection is gone until run time `back`: nothing is asked again before."""
        if self._jitter is not None:
            self._jitter.away_until = time.monotonic() + back - self.desk.clock.now()

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
        jitter = self._jitter = RetryState(self.plan.seed)
        due = self.due
        for number in range(len(self.plan.messages)):
            record = self._take_turn(TurnInPlay(self.desk, self.plan, number, due, Tries()), jitter)
            self.desk.writer.write(record)
            self.tally.turn(record)
            self._last_sent = record.sent
            if record.unsure or record.outcome is Outcome.INFO:
                self.unsettled |= {record.turn_id}
            if record.outcome is not Outcome.OK:
                self.error = f"turn {number} ended {record.outcome}: {record.error}"
                return
            if number < len(self.plan.think_seconds):
                due = record.done + self.plan.think_seconds[number]
                # Thousands think at a time: nothing that is over is kept meanwhile.
                del record
                due = self._think(due)
                self.tally.sending(self.desk.clock.now() - due)

    def _think(self, due: float) -> float:
        """Wait for the next turn; when it was due: as planned, or on coming back if cut off."""
        while (left := due - self.desk.clock.now()) > 0:
            self.thinking = True
            try:
                time.sleep(left)
            except CutOff as cut:
                due = min(due, cut.back)
            finally:
                self.thinking = False
        return due

    def _take_turn(self, turn: TurnInPlay, jitter: RetryState) -> TurnRecord:
        deadline = Deadline(self.desk.limits.deadline_s)
        try:
            if self.opened is None:
                self._open(turn, jitter, deadline)
            if self.opened is not None:
                turn.play(jitter, deadline)
                if turn.found_no_session() and self._was_away():
                    self._open_another(turn, jitter, deadline)
        except BaseException:
            # Stopped in the middle: the service may still act on what was sent.
            if turn.tries.attempts:
                turn.tries.error = "the run was stopped"
                self.desk.writer.write(turn.record())
            raise
        return turn.record()

    def _was_away(self) -> bool:
        """Whether the session may have expired since the turn before: while the customer thought,
        or while the service did not answer."""
        now = self.desk.clock.now()
        return self._last_sent is not None and now - self._last_sent >= self.desk.ttl_seconds

    def _open_another(self, turn: TurnInPlay, jitter: RetryState, deadline: Deadline) -> None:
        """The session has expired, as sessions do: say it again in a new one."""
        self._sessions += 1
        expired = self.plan
        self.plan = replace(expired, session=f"{expired.session}-{self._sessions}")
        if self._open(turn, jitter, deadline):
            turn.begin_again(self.plan)
            turn.play(jitter, deadline)

    def _open(self, turn: TurnInPlay, jitter: RetryState, deadline: Deadline) -> bool:
        """Create the session; a failure becomes the turn's, which is then never sent there."""
        tries = Tries()

        def ask(timeout: float) -> Attempt:
            maybe_open = tries.unsure > 0
            return self.desk.service.open_session(self.plan, timeout, maybe_open=maybe_open)

        persist(tries, ask, self.desk.limits, jitter, deadline)
        if tries.error:
            turn.tries.error = f"{OPENING}{tries.error}"
        if tries.outcome is not Outcome.OK:
            turn.tries.attempts, turn.tries.last = tries.attempts, tries.last
            return False
        if tries.last is not None and tries.last.session is not None:
            turn.plan = self.plan = replace(self.plan, session=tries.last.session)
        if self.opened is None:
            self.opened = self.desk.clock.now()
        return True

    def _read_back(self, when: str) -> None:
        desk = self.desk
        audit = read_back(desk.service, self.plan, desk.limits, desk.clock, when)
        desk.writer.write(audit)
        for pause in READ_AGAIN_S:
            if not shows_a_half(audit, self.unsettled):
                break
            time.sleep(pause)
            audit = read_back(desk.service, self.plan, desk.limits, desk.clock, when)
            desk.writer.write(audit)
        # After an unsettled turn the service may still be writing: no time to count a TTL from.
        self.last_touch = audit.done if self.error is None else None

    def _delete(self) -> None:
        tries = Tries()

        def ask(timeout: float) -> Attempt:
            return self.desk.service.delete_session(self.plan, timeout)

        limits = self.desk.limits
        persist(tries, ask, limits, RetryState(self.plan.seed), Deadline(limits.deadline_s))
        gone_already = tries.unsure and tries.last and tries.last.missing
        if tries.outcome is Outcome.OK or gone_already:
            self.deleted = self.desk.clock.now()
            self._read_back("expired")
        else:
            self.error = f"{DELETION_FAILED} {tries.outcome}: {tries.error}"
        self.last_touch = None
