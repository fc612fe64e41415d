"""One turn of a conversation: the message, the retries, the record."""

from __future__ import annotations

import math
from dataclasses import dataclass

from loadtests.adk import tracing
from loadtests.adk.agent_event import LATER
from loadtests.adk.attempt import Attempt, Door
from loadtests.arrivals.conversation import ConversationPlan, turn_id
from loadtests.customers.backoff import OPENING
from loadtests.customers.retry import Deadline, RetryState, Tries, ask_with_retries
from loadtests.profiles.model import Conversation
from reports.records import Outcome, Recorder, RunClock, TurnRecord, digest
from reports.records.tracing import trace_id


@dataclass(frozen=True, slots=True)
class CustomerContext:
    """The objects that all customers share."""

    service: Door
    clock: RunClock
    writer: Recorder
    limits: Conversation
    ttl_seconds: float = math.inf
    """The TTL of a session after its last use."""
    traced_run: str | None = None
    """The id of the run, if the turns carry a trace."""


MOST_CONFIRMATIONS = 3
"""The most confirmations in one turn; an agent that asks again would never stop."""


@dataclass(slots=True)
class TurnInPlay:
    """A running turn; `record` returns its record as of now."""

    context: CustomerContext
    plan: ConversationPlan
    turn: int
    due: float
    tries: Tries
    sent: float | None = None
    first_token: float | None = None
    reopened: float | None = None
    _confirmed: bool = False
    """The agent requested a confirmation and received it."""

    def play(self, retry_state: RetryState, deadline: Deadline) -> None:
        """Send the message until it is answered, a retry cannot help, or the deadline is over.

        When the agent requests a confirmation, the customer gives it within the same turn.
        """
        self._ask_with_retries(retry_state, deadline, ())
        for step in range(1, MOST_CONFIRMATIONS + 1):
            reply = self.tries.last.reply if self.tries.last else None
            if self.tries.outcome is not Outcome.OK or reply is None or not reply.asks:
                return
            self._confirmed = True
            before = self.tries
            self.tries = Tries(unsure=before.unsure, error=before.error)
            self._ask_with_retries(retry_state, deadline, reply.asks, step)
            # The first message was processed, even if the confirmation failed.
            self.tries.unsure += self.tries.outcome is Outcome.FAIL
            self.tries.attempts += before.attempts - 1

    def _ask_with_retries(
        self, retry_state: RetryState, deadline: Deadline, confirms: tuple[str, ...], step: int = 0
    ) -> None:
        message, turn = self.plan.messages[self.turn], self._turn_id
        name = f"{turn}{LATER}{step}" if confirms else turn

        def ask(timeout: float) -> Attempt:
            if self.sent is None:
                self.sent = self.context.clock.now()
            with tracing.carried(self.context.traced_run, turn):
                attempt = self.context.service.run_turn(self.plan, message, name, timeout, confirms)
            if not confirms or self.first_token is None:
                self.first_token = attempt.first_token
            return attempt

        ask_with_retries(self.tries, ask, self.context.limits, retry_state, deadline)

    @property
    def _turn_id(self) -> str:
        return turn_id(self.plan.index, self.turn)

    def found_no_session(self) -> bool:
        """Whether the last attempt was told that the session does not exist.

        Then earlier attempts of unknown outcome did nothing in it either, or it would exist.
        """
        last = self.tries.last
        return last is not None and last.missing and not self.tries.under_way

    def begin_again(self, plan: ConversationPlan) -> None:
        """The customer opened another session, that of `plan`, to repeat the message there."""
        opening = self.tries.error or ""
        # Report trouble in opening the new session; the old one's expiry is no trouble.
        kept = opening if opening.startswith(OPENING) else None
        self.plan, self.tries = plan, Tries(error=kept)
        self.reopened = self.context.clock.now()

    def reply_text(self) -> str:
        """The text of the reply; empty without one."""
        reply = self.tries.last.reply if self.tries.last else None
        return reply.text if reply else ""

    def record(self) -> TurnRecord:
        """The record as of now."""
        now = self.context.clock.now()
        last, outcome = self.tries.last, self.tries.outcome
        reply = last.reply if last and outcome is Outcome.OK else None
        # A turn that continued after a confirmation was answered in several parts.
        shown = last.shown if reply and last and not self._confirmed else None
        return TurnRecord(
            conversation=self.plan.index,
            turn=self.turn,
            turn_id=self._turn_id,
            journey=self.plan.journey,
            due=self.due,
            sent=now if self.sent is None else self.sent,
            first_token=self.first_token,
            done=now,
            outcome=outcome,
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
            trace=trace_id(run, self._turn_id) if (run := self.context.traced_run) else None,
        )
