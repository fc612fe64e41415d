"""The rehearsal before the load: checks that the service answers, and plays turns to measure.

Its own customers talk like those of the profile, without pauses.  They leave no records, except
their turns where these are asked for, and their sessions are deleted afterwards.
`loadtests.generator.rehearse` reports to the harness.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import gevent
from gevent.pool import Group

from loadtests.adk.attempt import Attempt
from loadtests.adk.client import Client
from loadtests.arrivals import conversation
from loadtests.arrivals.conversation import ConversationPlan
from loadtests.arrivals.seeds import derive
from loadtests.customers import audit
from loadtests.customers.retry import Deadline, RetryState, Tries, ask_with_retries
from loadtests.customers.turn import CustomerContext, TurnInPlay
from loadtests.doors.opener import opener
from loadtests.generator import descriptors
from loadtests.generator.settings import RunSettings
from reports.records import Arrival, Outcome, RecordWriter, RunClock, TurnRecord, to_json

_PATIENCE_S = 8.0
"""The longest wait for an answer; a slow service is no failure of the check."""
_ENOUGH_ERRORS_S = 3.0
"""After so long, the next error ends a customer's attempts."""
_REASON_S = 1.5
"""Time limit for the additional request that finds out a failing service's reason."""
_NO_ANSWER = "no complete response within"
_WAIT_S = 6.0
"""The longest wait for running turns after the last one has begun."""
_GOODBYE_S = 4.0
_FORGETTERS = 8


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a conversation had no reply."""

    opening: bool
    """Whether opening the session failed; else the turn failed."""
    error: str
    slow: bool
    """Whether the only error was a time-out."""
    lost: bool
    """The session was not found, like one in another replica's memory: the run will judge that."""


@dataclass(frozen=True, slots=True)
class Played:
    """The result of conversations."""

    turns: int
    """Answered turns."""
    failed: int
    seconds: float


class Rehearsal:
    """The customers of one rehearsal; its methods raise nothing for the service's errors."""

    def __init__(self, run: RunSettings, target: str, recorded: str | None = None) -> None:
        """Sends nothing.  Every turn is appended to the file `recorded` of the run directory.

        Raises ValueError when `target` is not an http(s) address.
        """
        self._run = run
        self._recorded = recorded
        self._records = RecordWriter(run.run_dir)
        clock = RunClock(run.origin)
        self._client = Client(target, descriptors.connections(256), access=run.access)
        self._door = opener(run.door, target, self._client, run.app, clock)
        service = self._door(lambda *_: None)
        self._context = CustomerContext(service, clock, _Nobody(), run.profile.conversation)
        self._plans = self._drawn()
        self._opened: list[ConversationPlan] = []
        self._turns, self._failed, self._over = 0, 0, False
        self.answered = False
        """Whether any turn had a reply."""
        self._failures: list[Failure] = []

    def check(self, conversations: int) -> Failure | None:
        """Let this many customers take one turn each; why the service always fails, or None.

        It always fails when no customer had a reply, and each had an error without an excuse.
        """
        group = Group()
        for _ in range(conversations):
            group.spawn(self._converse, _short(next(self._plans)), _PATIENCE_S)
        group.join()
        return None if any(each.slow for each in self._failures) else self.failure()

    @property
    def lost(self) -> bool:
        """Whether a session was not found: the turns then fail for a reason of their own."""
        return any(each.lost for each in self._failures)

    def failure(self) -> Failure | None:
        """Why there was never a reply; None when there was one, or no error gives a reason."""
        told = [each for each in self._failures if not each.slow]
        if self.answered or not told or self.lost:
            return None
        if not all(each.opening for each in told):
            # A streamed reply holds the reason, while a plain one is a 500 without it.
            known = len(self._failures)
            self._converse(replace(_short(next(self._plans)), streaming=True), _REASON_S)
            if self.answered:
                return None
            told += [each for each in self._failures[known:] if not each.slow]
        return max(told, key=lambda each: (not each.opening, _says(each.error)))

    def warm_up(self, turns: int, customers: int, seconds: float, *, young: bool) -> None:
        """Take this many uncounted turns, or as many as there is time for."""
        self._play(customers, turns, 0.0, seconds, young=young)

    def play(
        self, customers: int, enough: int, least_s: float, most_s: float, *, young: bool
    ) -> Played:
        """Let this many customers talk at once, each one conversation after the other.

        Ends after `enough` answered turns and `least_s` seconds, or after `most_s` seconds.
        `young` conversations end after their first turn.
        """
        self._turns, self._failed = 0, 0
        begun = time.monotonic()
        self._play(customers, enough, least_s, most_s, young=young)
        return Played(self._turns, self._failed, time.monotonic() - begun)

    def forget(self) -> None:
        """Delete every opened session; sessions missed here expire by their TTL."""
        left, self._opened = self._opened, []

        def delete() -> None:
            while left:
                self._context.service.delete_session(left.pop(), _GOODBYE_S)

        group = Group()
        for _ in range(_FORGETTERS):
            group.spawn(delete)
        group.join(_GOODBYE_S)
        group.kill()
        self._client.close()
        self._records.close()

    def _play(
        self, customers: int, enough: int, least_s: float, most_s: float, *, young: bool
    ) -> None:
        self._over = False
        begun, before = time.monotonic(), self._turns
        group = Group()
        for _ in range(customers):
            group.spawn(self._talk, young)
        while (passed := time.monotonic() - begun) < most_s:
            if passed >= least_s and self._turns - before >= enough:
                break
            gevent.sleep(0.01)
        self._over = True
        group.join(_WAIT_S)
        group.kill()

    def _talk(self, young: bool) -> None:
        while not self._over:
            before = self._failed
            plan = next(self._plans)
            # A read of the session is not part of a first turn's cost.
            self._converse(_short(plan) if young else plan, audited=not young)
            if self._failed > before:
                # Otherwise a customer refused at once would ask a thousand times a second.
                gevent.sleep(0.1)

    def _converse(
        self, plan: ConversationPlan, patience_s: float | None = None, *, audited: bool = True
    ) -> None:
        """Play one conversation; with `patience_s`, of a customer who gives up after that."""
        errors = _Errors(None if patience_s is None else _ENOUGH_ERRORS_S)
        context = replace(self._context, service=self._door(errors.observe))
        if patience_s is not None:
            context = _patient(context, patience_s)
        try:
            self._talk_over(plan, context, errors, audited)
        except _EnoughError:
            self._note(errors, opening=errors.opening)

    def _talk_over(
        self, plan: ConversationPlan, context: CustomerContext, errors: _Errors, audited: bool
    ) -> None:
        plan, opened = self._open(plan, context)
        if not opened:
            self._note(errors, opening=True)
            return
        retry_state = RetryState(plan.seed)
        for number in range(len(plan.messages)):
            turn = TurnInPlay(context, plan, number, context.clock.now(), Tries())
            turn.play(retry_state, Deadline(context.limits.deadline_s))
            record = turn.record()
            self._keep(record)
            if record.outcome is not Outcome.OK:
                lost = record.status == 404 and "session" in (record.error or "").lower()
                self._note(errors, opening=False, lost=lost)
                return
            self._turns += 1
            self.answered = True
            if self._over:
                return
        if audited:
            audit.read_back(context.service, plan, context.limits, context.clock, "end")

    def _open(
        self, plan: ConversationPlan, context: CustomerContext
    ) -> tuple[ConversationPlan, bool]:
        tries = Tries()

        def ask(timeout: float) -> Attempt:
            return context.service.open_session(plan, timeout, maybe_open=tries.unsure > 0)

        try:
            ask_with_retries(
                tries,
                ask,
                context.limits,
                RetryState(plan.seed),
                Deadline(context.limits.deadline_s),
            )
        finally:
            if tries.last is not None and tries.last.session is not None:
                plan = replace(plan, session=tries.last.session)
            if tries.outcome is not Outcome.FAIL:
                self._opened.append(plan)  # a session that may exist is deleted too
        return plan, tries.outcome is Outcome.OK

    def _keep(self, turn: TurnRecord) -> None:
        if self._recorded is not None:
            self._records.append(self._recorded, to_json(turn) + b"\n")

    def _note(self, errors: _Errors, *, opening: bool, lost: bool = False) -> None:
        self._failed += 1
        said = errors.said
        self._failures.append(Failure(opening, said or "no answer", not said, lost))

    def _drawn(self) -> Iterator[ConversationPlan]:
        """Conversations drawn from the profile, with users that are not in the plan."""
        run, index = self._run, 0
        names, weights = list(run.profile.journeys), list(run.profile.journeys.values())
        while True:
            seed = derive(run.seed, "rehearsal", index)
            journey = random.Random(seed).choices(names, weights)[0]
            arrival = Arrival(index, 0.0, journey, seed)
            yield conversation.plan(run.profile, arrival, f"rehearsal-{run.run_id}", run.journeys)
            index += 1


class _EnoughError(Exception):
    """Raised when the service has failed long enough."""


class _Errors:
    """The errors of one customer."""

    def __init__(self, enough_s: float | None) -> None:
        """After this many seconds the next error raises `_EnoughError`; None: never."""
        self._until = math.inf if enough_s is None else time.monotonic() + enough_s
        self.said: str | None = None
        """The last error that is not a time-out."""
        self.opening = False
        """Whether that error was in opening a session."""

    def observe(self, name: str, seconds: float, size: int, error: str | None) -> None:
        """Implements `loadtests.adk.service.Observer`."""
        if error is None or error.startswith(_NO_ANSWER):
            return
        self.said, self.opening = error, name == "open session"
        if time.monotonic() > self._until:
            raise _EnoughError


class _Nobody:
    """A recorder that keeps nothing."""

    def write(self, record: object) -> None:
        """Drop it."""

    def append(self, name: str, data: bytes) -> None:
        """Drop it."""


def _patient(context: CustomerContext, seconds: float) -> CustomerContext:
    """The same context with a limit on the wait for an answer."""
    limits = context.limits
    shorter = replace(
        limits,
        deadline_s=min(limits.deadline_s, seconds),
        attempt_timeout_s=min(limits.attempt_timeout_s, seconds),
    )
    return replace(context, limits=shorter)


def _short(plan: ConversationPlan) -> ConversationPlan:
    return replace(plan, messages=plan.messages[:1], think_seconds=())


def _says(error: str) -> bool:
    """Whether the error holds more than a status."""
    return not error.startswith("HTTP 5") or "Internal Server Error" not in error
