"""One turn of a conversation: the message, the retries, the record."""

from __future__ import annotations

import random
from dataclasses import dataclass

from loadtests.conversation import ConversationPlan
from loadtests.persistence import Tries, persist
from loadtests.profile_model import Conversation
from loadtests.service import Attempt, Service
from reports.records import Outcome, Recorder, RunClock, TurnRecord, digest


@dataclass(frozen=True, slots=True)
class Desk:
    """What a customer needs at hand."""

    service: Service
    clock: RunClock
    writer: Recorder
    limits: Conversation


def turn_id(conversation: int, turn: int) -> str:
    """The identity of a turn, the same for all its attempts; sessions are unique to the run."""
    return f"c{conversation}t{turn}"


@dataclass(slots=True)
class TurnInPlay:
    """A turn under way; `record` says at any moment what is known of it."""

    desk: Desk
    plan: ConversationPlan
    turn: int
    due: float
    tries: Tries
    sent: float | None = None

    def play(self, rng: random.Random, deadline: float) -> None:
        """Send the message until it is answered, in vain, or too late (`time.monotonic`)."""
        message, name = self.plan.messages[self.turn], turn_id(self.plan.index, self.turn)

        def ask(timeout: float) -> Attempt:
            if self.sent is None:
                self.sent = self.desk.clock.now()
            return self.desk.service.run_turn(self.plan, message, name, timeout)

        persist(self.tries, ask, self.desk.limits, rng, deadline)

    def record(self) -> TurnRecord:
        """The record as of now."""
        now = self.desk.clock.now()
        last = self.tries.last
        reply = last.reply if last and self.tries.outcome is Outcome.OK else None
        return TurnRecord(
            conversation=self.plan.index,
            turn=self.turn,
            turn_id=turn_id(self.plan.index, self.turn),
            journey=self.plan.journey,
            due=self.due,
            sent=now if self.sent is None else self.sent,
            first_token=last.first_token if last else None,
            done=now,
            outcome=self.tries.outcome,
            attempts=self.tries.attempts,
            replica=last.answer.replica if last else None,
            message=digest(self.plan.messages[self.turn]),
            reply=reply.digest if reply else None,
            seen=reply.seen if reply else None,
            status=last.answer.status if last else None,
            error=self.tries.error,
        )
