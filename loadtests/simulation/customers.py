"""The simulated customers: the rules of `loadtests.customers`, with events in place of waiting.

A customer opens a session, takes the turns, thinks between them, and reads the session back.  An
attempt has a time limit, and a turn a deadline; a failed attempt is made again after the pause of
`loadtests.customers.backoff`, with the jitter of the same customer in a real load.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from heapq import heappush
from typing import Protocol

from loadtests.customers import backoff
from loadtests.customers.backoff import OPENING, Jitter
from loadtests.simulation import stages, state
from loadtests.simulation.plans import PlannedTalk
from loadtests.simulation.processors import Event
from loadtests.simulation.state import DELETE, OPEN, READ, TURN, Reply, Request, Talk
from reports.records import DELETION_FAILED, Fate, Outcome

_NO_LIMIT = 0.0


class Watch(Protocol):
    """Takes what the customers see."""

    def turn(self, t: float, talk: Talk, outcome: Outcome, request: Request, reply: Reply) -> None:
        """A turn has ended; `request` is its last attempt."""

    def read(self, t: float, talk: Talk, request: Request, reply: Reply) -> None:
        """A session was read back, or could not be."""

    def conversation(self, t: float, talk: Talk, *, deleted: bool) -> None:
        """A conversation has ended."""

    def not_played(self, t: float, planned: PlannedTalk, fate: Fate) -> None:
        """An arrival was not offered."""


class Customers:
    """The customers' side of a simulation."""

    def __init__(
        self,
        *,
        deadline_s: float,
        attempt_timeout_s: float,
        ttl_s: float,
        retries: bool,
        most_open: int,
        calendar: list[Event],
        number: Callable[[], int],
        opened: Callable[[float, Talk], None] | None,
        watch: Watch,
    ) -> None:
        """Without `retries` an attempt is the only one.

        `opened` opens a session without a request, and nobody reads it back; None: the customers
        do both.
        """
        self._deadline_s, self._attempt_s, self._ttl_s = deadline_s, attempt_timeout_s, ttl_s
        self._retries, self._most_open = retries, most_open
        self._calendar, self._number = calendar, number
        self._opened, self._watch = opened, watch
        self.launch: Callable[[float, Request], None] = _nowhere
        """Sends a request on its way."""
        self.limits: deque[tuple[float, Request]] = deque()
        """The usual time limits of attempts, in order; those of answered attempts stay in it."""
        self.open = 0
        """Conversations under way."""
        self.asking = 0
        """Turns, with the opening before and the read after, that wait for their end."""
        self.under_way: dict[Talk, None] = {}
        self.attempts = self.timeouts = self.again = 0
        """All attempts of turns; those that took too long; those after the first."""

    def start(self, t: float, planned: PlannedTalk) -> None:
        """A conversation is due."""
        if self.open >= self._most_open:
            self._watch.not_played(t, planned, Fate.DROPPED)
            return
        self.open += 1
        talk = Talk(planned, t)
        self.under_way[talk] = None
        self.asking += 1
        talk.deadline = t + self._deadline_s
        if self._opened is not None:
            self._opened(t, talk)
            talk.opened, talk.kind = t, TURN
        self.send(t, talk)

    def send(self, t: float, talk: Talk) -> None:
        """Send the current request, for the first time or again."""
        left = talk.deadline - t
        talk.attempts += 1
        kind = talk.kind
        if kind == TURN:
            self.attempts += 1
            if talk.first_sent is None:
                talk.first_sent = t
                self.asking += talk.turn > 0
        limit = self._attempt_s
        if left < limit:
            request = Request(talk, kind, t, talk.deadline)
            heappush(self._calendar, (talk.deadline, self._number(), stages.TIMEOUT, request))
        else:
            request = Request(talk, kind, t, t + limit)
            self.limits.append((request.limit, request))
        self.launch(t, request)

    def answer(self, t: float, request: Request, reply: Reply) -> None:
        """An attempt has ended; one that was given up does not count."""
        if request.limit == _NO_LIMIT:
            return
        request.limit = _NO_LIMIT
        talk = request.talk
        if reply is state.OK:
            if request.kind == TURN:
                self._end_turn(t, talk, Outcome.OK, request, reply)
                return
            self._done(t, talk, Outcome.OK, request, reply)
            return
        talk.unsure += reply.outcome is Outcome.INFO
        if talk.kind != READ:
            opening = OPENING if talk.kind == OPEN else ""
            new = f"{opening}{reply.error}" if reply.error else None
            busy = reply.retry and reply.status == backoff.BUSY
            talk.error = backoff.error(talk.error, new, busy=busy)
        if reply.retry and self._retries:
            if talk.jitter is None:
                talk.jitter = _jitter(talk)
            pause = backoff.pause(talk.attempts, reply.retry_after, talk.jitter)
            if pause < talk.deadline - t:
                self.again += talk.kind == TURN
                heappush(self._calendar, (t + pause, self._number(), stages.SEND, talk))
                return
        self._done(t, talk, backoff.outcome(False, talk.unsure > 0), request, reply)

    def time_out(self, t: float, request: Request) -> None:
        """The time limit of an attempt; the service may go on with it."""
        if request.limit != _NO_LIMIT:
            self.timeouts += 1
            self.answer(t, request, state.TOO_LATE)

    def _done(self, t: float, talk: Talk, outcome: Outcome, request: Request, reply: Reply) -> None:
        kind = request.kind
        if kind == TURN:
            if reply.missing and self._was_away(t, talk):
                # The session has expired: open another one, and repeat the message in it.
                talk.error = None
                self._ask(t, talk, OPEN)
                return
            self._end_turn(t, talk, outcome, request, reply)
        elif kind == OPEN:
            if outcome is not Outcome.OK:
                self._end_turn(t, talk, outcome, request, reply)
                return
            if talk.opened is None:
                talk.opened = t
            else:
                talk.reopened = t
            self._ask(t, talk, TURN)
        elif kind == READ:
            self._watch.read(t, talk, request, reply)
            if talk.planned.deletes and talk.ended is not None and talk.error is None:
                talk.jitter, talk.deadline = None, t + self._deadline_s
                self._ask(t, talk, DELETE)
            else:
                self._end(t, talk, deleted=False)
        else:
            gone = outcome is Outcome.OK or (reply.missing and talk.unsure > 0)
            if gone:
                talk.error = None
            else:
                talk.error = f"{DELETION_FAILED} {outcome}: {talk.error}"
            self._end(t, talk, deleted=gone)

    def _end_turn(
        self, t: float, talk: Talk, outcome: Outcome, request: Request, reply: Reply
    ) -> None:
        self._watch.turn(t, talk, outcome, request, reply)
        turns = talk.planned.turns
        number = talk.turn + 1
        if outcome is Outcome.OK and number < len(turns):
            talk.turn = number
            due = talk.due = t + turns[number][0]
            talk.deadline = due + self._deadline_s
            talk.attempts = talk.unsure = 0
            talk.last_sent, talk.first_sent = talk.first_sent, None
            talk.error = talk.reopened = None
            self.asking -= 1
            heappush(self._calendar, (due, self._number(), stages.SEND, talk))
            return
        if outcome is not Outcome.OK:
            talk.error = f"turn {talk.turn} ended {outcome}: {talk.error}"
        else:
            talk.error = None
        talk.ended = t
        if talk.opened is None or self._opened is not None:
            self._end(t, talk, deleted=False)
            return
        talk.jitter, talk.deadline = None, t + self._deadline_s
        self._ask(t, talk, READ)

    def _ask(self, t: float, talk: Talk, kind: int) -> None:
        """Begin another request; openings and turns share their deadline."""
        talk.kind = kind
        talk.attempts = talk.unsure = 0
        if talk.deadline > t:
            self.send(t, talk)
            return
        nothing = Request(talk, kind, t, _NO_LIMIT)
        self._done(t, talk, Outcome.FAIL, nothing, state.TOO_LATE)

    def _was_away(self, t: float, talk: Talk) -> bool:
        return talk.last_sent is not None and t - talk.last_sent >= self._ttl_s

    def _end(self, t: float, talk: Talk, *, deleted: bool) -> None:
        self.open -= 1
        self.asking -= 1
        del self.under_way[talk]
        self._watch.conversation(t, talk, deleted=deleted)


def _nowhere(t: float, request: Request) -> None:
    raise NotImplementedError


def _jitter(talk: Talk) -> Jitter:
    """The jitter of the real customer's current request."""
    if talk.kind == READ:
        return Jitter(talk.planned.seed, "audit", "end")
    return Jitter(talk.planned.seed)
