"""The objects that a simulation moves: conversations, requests, replicas, Redis shards."""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

from loadtests.customers.backoff import Jitter
from loadtests.simulation.plans import PlannedTalk
from reports.records import Outcome

OPEN, TURN, READ, DELETE = range(4)
"""The kinds of requests."""


class Reply(NamedTuple):
    """The end of an attempt, as the customer sees it."""

    outcome: Outcome
    error: str | None = None
    status: int | None = None
    retry: bool = True
    """Whether another attempt can help."""
    retry_after: float | None = None
    missing: bool = False
    """The session does not exist."""


OK = Reply(Outcome.OK, status=200)
OVERLOADED = Reply(Outcome.FAIL, "HTTP 503: too many turns are running here", 503, True, 1.0)
NO_STORE = Reply(Outcome.FAIL, "HTTP 503: the session store does not answer", 503, True, 1.0)
UNCONFIRMED = Reply(Outcome.INFO, "HTTP 503: the turn was not confirmed", 503, True, 1.0)
BUSY = Reply(Outcome.FAIL, "HTTP 409: another turn of this session is running", 409, True, 1.0)
CONFLICT = Reply(Outcome.FAIL, "HTTP 409: another writer came before", 409, True, 1.0)
MISSING = Reply(
    Outcome.FAIL, "HTTP 404: the session does not exist", 404, retry=False, missing=True
)
NO_QUOTA = Reply(Outcome.INFO, "HTTP 500: the model's quota is exceeded", 500)
NO_REPLICA = Reply(Outcome.INFO, "HTTP 503: no healthy upstream", 503)
RESET = Reply(Outcome.INFO, "connection closed without a response")
TOO_LATE = Reply(Outcome.INFO, "no complete response within the time limit")


class Talk:
    """One conversation under way: the customer's side, and its session."""

    __slots__ = (
        "attempts",
        "bytes",
        "cached",
        "deadline",
        "due",
        "ended",
        "error",
        "expires",
        "first_sent",
        "first_token",
        "jitter",
        "kind",
        "last_sent",
        "lease",
        "lease_until",
        "opened",
        "planned",
        "reopened",
        "replica",
        "settled",
        "started",
        "stored",
        "turn",
        "unsure",
    )

    def __init__(self, planned: PlannedTalk, t: float) -> None:
        self.planned = planned
        self.turn = 0
        """The number of the current turn."""
        self.due = t
        """When it was due."""
        self.started = t
        self.first_sent: float | None = None
        self.last_sent: float | None = None
        """When the previous turn was sent."""
        self.opened: float | None = None
        self.reopened: float | None = None
        self.ended: float | None = None
        self.first_token: float | None = None
        self.replica = 0
        """That of the last answer."""
        self.error: str | None = None
        self.jitter: Jitter | None = None
        # The current request.
        self.kind = OPEN
        self.attempts = 0
        self.unsure = 0
        self.deadline = 0.0
        # The session, as Redis holds it.
        self.expires = 0.0
        """When its TTL ends; 0: it does not exist."""
        self.bytes = 0.0
        """What it takes in Redis; 0 also once it has expired and was counted as gone."""
        self.stored: list[int] = []
        """The turns in it, in their order."""
        self.settled = -1
        """The last turn in it."""
        self.lease: Request | None = None
        self.lease_until = 0.0
        self.cached: dict[int, int] | None = None
        """Replica → the number of stored turns that it has read."""


class Request:
    """One attempt of a request, on its way through the service."""

    __slots__ = (
        "begun",
        "call",
        "dead",
        "first_token",
        "history",
        "kind",
        "limit",
        "planned",
        "replica",
        "reply",
        "sent",
        "step",
        "talk",
        "turn",
        "waited",
        "work",
    )

    def __init__(self, talk: Talk, kind: int, sent: float, limit: float) -> None:
        self.talk, self.kind, self.sent = talk, kind, sent
        self.limit = limit
        """When the customer gives it up; 0 once it was answered or given up."""
        self.turn = talk.turn
        self.planned = talk.planned.turns[self.turn]
        self.replica = NOWHERE
        self.dead = False
        """Its replica was killed."""
        self.work = 0.0
        """CPU seconds of the whole request."""
        self.step = 0
        """The next segment of its CPU."""
        self.call = 0
        """The next call of the model."""
        self.begun = 0.0
        """When the turn took the session's lease."""
        self.waited = -1.0
        """Since when it waits for another turn of the session; below 0: it does not."""
        self.first_token: float | None = None
        self.history: tuple[int, ...] = ()
        """The turns that a read of the session has shown."""
        self.reply = OK


Work = tuple[float, int, Any, float]
"""Work for a processor: seconds, the handler of its end, that one's argument, seconds until it."""


class Processor:
    """What works on one thing at a time, in the order of arrival: a process, or Redis's thread."""

    __slots__ = ("busy", "free_at", "running", "waiting", "wake_s", "wakes_after_s")

    def __init__(self, wake_s: float = 0.0, wakes_after_s: float = 0.0) -> None:
        self.wake_s = wake_s
        """Additional seconds of its core for work that finds it idle …"""
        self.wakes_after_s = wakes_after_s
        """… for at least this long."""
        self.free_at = 0.0
        """When all that it was given is done; where cores are shared, when its last work ended."""
        self.busy = 0.0
        """Seconds of its core, of all that it was given."""
        self.waiting: deque[Work] = deque()
        """Where cores are shared: the work that waits, in order."""
        self.running: Work | None = None

    def used(self, t: float) -> float:
        """Seconds of its core until `t`."""
        return self.busy - max(0.0, self.free_at - t)


class Replica(Processor):
    """One replica of the service."""

    __slots__ = ("in_flight", "index", "most_in_flight", "open", "ready", "refused", "turns")

    def __init__(self, index: int, wake_s: float = 0.0, wakes_after_s: float = 0.0) -> None:
        super().__init__(wake_s, wakes_after_s)
        self.index = index
        self.in_flight = 0
        """Turns that it has taken and not answered."""
        self.most_in_flight = 0
        self.refused = 0
        self.open: dict[Request, None] = {}
        """The requests that it has taken and not answered, in order."""
        self.turns = 0
        """Turns that it has answered."""
        self.ready = True


class Shard(Processor):
    """One Redis server: its thread, and the sessions that it holds."""

    __slots__ = ("expired", "live_bytes", "live_sessions", "pauses_until", "scripts", "speed")

    def __init__(self) -> None:
        super().__init__()
        self.live_bytes = 0.0
        self.live_sessions = 0
        self.expired = 0
        """Sessions that expired since the last sample."""
        self.scripts = 0
        self.speed = 1.0
        """The factor on the time of a script."""
        self.pauses_until = 0.0


NOWHERE = Replica(-1)
"""The replica of a request that no replica has taken."""
