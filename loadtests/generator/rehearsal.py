"""A rehearsal before the load: does the service answer at all, and what does a turn cost?

Customers of its own talk as those of the profile will, without pauses.  They are recorded nowhere,
and their sessions are deleted afterwards.  How the harness hears of it:
`loadtests.generator.rehearse`.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import gevent
from gevent.pool import Group

from loadtests.adk.client import Client
from loadtests.adk.service import Attempt, Service
from loadtests.arrivals import conversation
from loadtests.arrivals.conversation import ConversationPlan
from loadtests.arrivals.seeds import derive
from loadtests.customers import audit
from loadtests.customers.retry import Deadline, RetryState, Tries, persist
from loadtests.customers.turn import CustomerContext, TurnInPlay
from loadtests.generator import descriptors
from loadtests.generator.settings import RunSettings
from reports.records import Arrival, Outcome, RunClock

_PATIENCE_S = 8.0
"""An answer that takes longer is not waited for: the service is slow, and that is no failure."""
_ENOUGH_ERRORS_S = 3.0
"""Whoever has asked for so long, and is told once more that it failed, asks no more."""
_REASON_S = 1.5
"""For the one more question that asks a service that fails why."""
_NO_ANSWER = "no complete response within"
_WAIT_S = 6.0
"""Turns that are under way when no more are begun are waited for so long."""
_GOODBYE_S = 4.0
_FORGETTERS = 8


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a conversation had no reply."""

    opening: bool
    """The session could not be opened; else the turn failed."""
    error: str
    slow: bool
    """No answer came in time, and nothing else was said."""
    lost: bool
    """The session was not found, as one in the memory of another replica: for the run to judge."""


@dataclass(frozen=True, slots=True)
class Played:
    """What conversations came to."""

    turns: int
    """Turns that were answered."""
    failed: int
    seconds: float


class Rehearsal:
    """The customers of one rehearsal; none of its methods raises for what the service does."""

    def __init__(self, run: RunSettings, target: str) -> None:
        """Nothing is sent.  Raises ValueError when `target` is no http(s) address."""
        self._run = run
        clock = RunClock(run.origin)
        self._client = Client(target, descriptors.connections(256), token=run.token)
        service = Service(self._client, run.app, clock, lambda *_: None)
        self._desk = CustomerContext(service, clock, _Nobody(), run.profile.conversation)
        self._plans = self._drawn()
        self._opened: list[ConversationPlan] = []
        self._turns, self._failed, self._over = 0, 0, False
        self._answered = False
        """Whether there ever was a reply."""
        self._failures: list[Failure] = []

    def check(self, conversations: int) -> Failure | None:
        """Let so many customers say one thing each; why the service fails always, or None.

        It does when nobody had a reply, and everybody was told of an error that has no excuse.
        """
        group = Group()
        for _ in range(conversations):
            group.spawn(self._converse, _short(next(self._plans)), _PATIENCE_S)
        group.join()
        return None if any(each.slow for each in self._failures) else self.failure()

    def failure(self) -> Failure | None:
        """Why there was never a reply; None when there was one, or no error tells it."""
        told = [each for each in self._failures if not each.slow]
        if self._answered or not told or any(each.lost for each in told):
            return None
        if not all(each.opening for each in told):
            # A streamed reply carries the reason, where an error of the service's is a bare 500.
            known = len(self._failures)
            self._converse(replace(_short(next(self._plans)), streaming=True), _REASON_S)
            if self._answered:
                return None
            told += [each for each in self._failures[known:] if not each.slow]
        return max(told, key=lambda each: (not each.opening, _says(each.error)))

    def warm_up(self, turns: int, customers: int, seconds: float, *, young: bool) -> None:
        """Take so many turns, of which nobody keeps count, or as many as there is time for."""
        self._play(customers, turns, 0.0, seconds, young=young)

    def play(
        self, customers: int, enough: int, least_s: float, most_s: float, *, young: bool
    ) -> Played:
        """Let so many customers talk at once, one conversation after the other.

        Until `enough` turns were answered and `least_s` seconds have passed, or `most_s` have.
        `young` conversations are over after their first turn.
        """
        self._turns, self._failed = 0, 0
        begun = time.monotonic()
        self._play(customers, enough, least_s, most_s, young=young)
        return Played(self._turns, self._failed, time.monotonic() - begun)

    def forget(self) -> None:
        """Delete every session that was opened.  Its TTL takes away what that misses."""
        left, self._opened = self._opened, []

        def delete() -> None:
            while left:
                self._desk.service.delete_session(left.pop(), _GOODBYE_S)

        group = Group()
        for _ in range(_FORGETTERS):
            group.spawn(delete)
        group.join(_GOODBYE_S)
        group.kill()
        self._client.close()

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
            # A read of the session is no part of what a first turn costs.
            self._converse(_short(plan) if young else plan, audited=not young)
            if self._failed > before:
                gevent.sleep(0.1)  # who is refused at once would ask a thousand times a second

    def _converse(
        self, plan: ConversationPlan, patience_s: float | None = None, *, audited: bool = True
    ) -> None:
        """One conversation; with `patience_s`, of somebody who gives up so soon."""
        errors = _Errors(None if patience_s is None else _ENOUGH_ERRORS_S)
        service = Service(self._client, self._run.app, self._desk.clock, errors.observe)
        desk = replace(self._desk, service=service)
        if patience_s is not None:
            desk = _patient(desk, patience_s)
        try:
            self._talk_over(plan, desk, errors, audited)
        except _EnoughError:
            self._note(errors, opening=errors.opening)

    def _talk_over(
        self, plan: ConversationPlan, desk: CustomerContext, errors: _Errors, audited: bool
    ) -> None:
        plan, opened = self._open(plan, desk)
        if not opened:
            self._note(errors, opening=True)
            return
        jitter = RetryState(plan.seed)
        for number in range(len(plan.messages)):
            turn = TurnInPlay(desk, plan, number, desk.clock.now(), Tries())
            turn.play(jitter, Deadline(desk.limits.deadline_s))
            record = turn.record()
            if record.outcome is not Outcome.OK:
                lost = record.status == 404 and "session" in (record.error or "").lower()
                self._note(errors, opening=False, lost=lost)
                return
            self._turns += 1
            self._answered = True
            if self._over:
                return
        if audited:
            audit.read_back(desk.service, plan, desk.limits, desk.clock, "end")

    def _open(self, plan: ConversationPlan, desk: CustomerContext) -> tuple[ConversationPlan, bool]:
        tries = Tries()

        def ask(timeout: float) -> Attempt:
            return desk.service.open_session(plan, timeout, maybe_open=tries.unsure > 0)

        try:
            persist(
                tries, ask, desk.limits, RetryState(plan.seed), Deadline(desk.limits.deadline_s)
            )
        finally:
            if tries.last is not None and tries.last.session is not None:
                plan = replace(plan, session=tries.last.session)
            if tries.outcome is not Outcome.FAIL:
                self._opened.append(plan)  # one that may be there is deleted too
        return plan, tries.outcome is Outcome.OK

    def _note(self, errors: _Errors, *, opening: bool, lost: bool = False) -> None:
        self._failed += 1
        said = errors.said
        self._failures.append(Failure(opening, said or "no answer", not said, lost))

    def _drawn(self) -> Iterator[ConversationPlan]:
        """Conversations as the profile draws them, of users whom no plan has."""
        run, index = self._run, 0
        names, weights = list(run.profile.journeys), list(run.profile.journeys.values())
        while True:
            seed = derive(run.seed, "rehearsal", index)
            journey = random.Random(seed).choices(names, weights)[0]
            arrival = Arrival(index, 0.0, journey, seed)
            yield conversation.plan(run.profile, arrival, f"rehearsal-{run.run_id}", run.journeys)
            index += 1


class _EnoughError(Exception):
    """The service has said often enough that it fails."""


class _Errors:
    """What one customer was told went wrong."""

    def __init__(self, enough_s: float | None) -> None:
        """After so many seconds the next error raises `_EnoughError`; None: never."""
        self._until = math.inf if enough_s is None else time.monotonic() + enough_s
        self.said: str | None = None
        """The last error but those of waiting in vain."""
        self.opening = False
        """It was one of opening a session."""

    def observe(self, name: str, seconds: float, size: int, error: str | None) -> None:
        """As `loadtests.adk.service.Observer`."""
        if error is None or error.startswith(_NO_ANSWER):
            return
        self.said, self.opening = error, name == "open session"
        if time.monotonic() > self._until:
            raise _EnoughError


class _Nobody:
    """Keeps no record."""

    def write(self, record: object) -> None:
        """Forget it."""

    def append(self, name: str, data: bytes) -> None:
        """Forget it."""


def _patient(desk: CustomerContext, seconds: float) -> CustomerContext:
    """The same desk, at which nobody waits for an answer for longer than this."""
    limits = desk.limits
    shorter = replace(
        limits,
        deadline_s=min(limits.deadline_s, seconds),
        attempt_timeout_s=min(limits.attempt_timeout_s, seconds),
    )
    return replace(desk, limits=shorter)


def _short(plan: ConversationPlan) -> ConversationPlan:
    return replace(plan, messages=plan.messages[:1], think_seconds=())


def _says(error: str) -> bool:
    """Whether there is more in it than a status."""
    return not error.startswith("HTTP 5") or "Internal Server Error" not in error
