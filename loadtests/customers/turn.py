"""One turn of a conversation: the message, the retries, the record."""

from __future__ import annotations

import math
from dataclasses import dataclass

from loadtests.adk.events import LATER
from loadtests.adk.service import Attempt, Service
from loadtests.arrivals.conversation import ConversationPlan
from loadtests.customers.retry import Deadline, RetryState, Tries, persist
from loadtests.profiles.model import Conversation
from reports.records import Outcome, Recorder, RunClock, TurnRecord, digest


@dataclass(frozen=True, slots=True)
class CustomerContext:
    """What a customer needs at hand."""

    service: Service
    clock: RunClock
    writer: Recorder
    limits: Conversation
    ttl_seconds: float = math.inf
    """How long a session lives after its last use."""


def turn_id(conversation: int, turn: int) -> str:
    """The identity of a turn, the same for all its attempts; sessions are unique to the run."""
    return f"c{conversation}t{turn}"


OPENING = "opening the session: "
"""The error of a turn before which its session had to be opened more than once begins so."""
MOST_CONFIRMATIONS = 3
"""An agent that asks once more than this in one turn will not be content."""


@dataclass(slots=True)
class TurnInPlay:
    """A turn under way; `record` says at any moment what is known of it."""

    desk: CustomerContext
    plan: ConversationPlan
    turn: int
    due: float
    tries: Tries
    sent: float | None = None
    first_token: float | None = None
    reopened: float | None = None
    _confirmed: bool = False
    """The agent asked for a confirmation, and got it."""

    def play(self, jitter: RetryState, deadline: Deadline) -> None:
        """Send the message until it is answered, in vain, or too late.

        When the agent asks for a confirmation, the customer gives it; that is the same turn.
        """
        self._persist(jitter, deadline, ())
        for step in range(1, MOST_CONFIRMATIONS + 1):
            reply = self.tries.last.reply if self.tries.last else None
            if self.tries.outcome is not Outcome.OK or reply is None or not reply.asks:
                return
            self._confirmed = True
            before = self.tries
            self.tries = Tries(unsure=before.unsure, error=before.error)
            self._persist(jitter, deadline, reply.asks, step)
            # What the customer said first has happened, whatever became of the yes.
            self.tries.unsure += self.tries.outcome is Outcome.FAIL
            self.tries.attempts += before.attempts - 1

    def _persist(
        self, jitter: RetryState, deadline: Deadline, confirms: tuple[str, ...], step: int = 0
    ) -> None:
        message, name = self.plan.messages[self.turn], turn_id(self.plan.index, self.turn)
        if confirms:
            name = f"{name}{LATER}{step}"

        def ask(timeout: float) -> Attempt:
            if self.sent is None:
                self.sent = self.desk.clock.now()
            attempt = self.desk.service.run_turn(self.plan, message, name, timeout, confirms)
            if not confirms or self.first_token is None:
                self.first_token = attempt.first_token
            return attempt

        persist(self.tries, ask, self.desk.limits, jitter, deadline)

    def found_no_session(self) -> bool:
        """The service says, last of all, that there is no such session.

        What attempts of unknown end did before, they did not do in it: else it would be there.
        """
        last = self.tries.last
        return last is not None and last.missing and not self.tries.under_way

    def begin_again(self, plan: ConversationPlan) -> None:
        """The customer opened another session, that of `plan`, and is about to say it there."""
        opening = self.tries.error or ""
        # That its opening had trouble is told; that the old session is gone is no trouble.
        kept = opening if opening.startswith(OPENING) else None
        self.plan, self.tries = plan, Tries(error=kept)
        self.reopened = self.desk.clock.now()

    def record(self) -> TurnRecord:
        """The record as of now."""
        now = self.desk.clock.now()
        last = self.tries.last
        reply = last.reply if last and self.tries.outcome is Outcome.OK else None
        # A turn that went on after a confirmation was answered in pieces.
        shown = last.shown if reply and last and not self._confirmed else None
        return TurnRecord(
            conversation=self.plan.index,
            turn=self.turn,
            turn_id=turn_id(self.plan.index, self.turn),
            journey=self.plan.journey,
            due=self.due,
            sent=now if self.sent is None else self.sent,
            first_token=self.first_token,
            done=now,
            outcome=self.tries.outcome,
            attempts=self.tries.attempts,
            replica=last.answer.replica if last else None,
            message=digest(self.plan.messages[self.turn]),
            reply=reply.digest if reply else None,
            seen=reply.seen if reply else None,
            status=last.answer.status if last else None,
            error=self.tries.error,
            unsure=self.tries.unsure,
            reopened=self.reopened,
            steps=shown.steps if shown else None,
            state=shown.state if shown else None,
            said=shown.said if shown else None,
        )
