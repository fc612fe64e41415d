"""The retries of a customer's app, the same for turns, sessions and audits."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from loadtests.adk.service import Attempt
from loadtests.arrivals.seeds import derive
from loadtests.profiles.model import Conversation
from reports.records import Outcome

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 1.0


@dataclass(slots=True)
class Tries:
    """The attempts of one request so far."""

    attempts: int = 0
    last: Attempt | None = None
    """The last attempt that ended."""
    unsure: int = 0
    """The number of ended attempts with unknown outcome."""
    under_way: bool = False
    """An attempt is running."""
    error: str | None = None
    """Why an attempt failed, kept when a later one succeeds."""

    @property
    def outcome(self) -> Outcome:
        """ok when the last attempt succeeded; else info when any may have happened; else fail."""
        if self.last is not None and self.last.outcome is Outcome.OK:
            return Outcome.OK
        return Outcome.INFO if self.unsure or self.under_way else Outcome.FAIL


class Deadline:
    """The time limit for retries: one for a whole turn, including the opening of its session."""

    __slots__ = ("at",)

    def __init__(self, seconds: float) -> None:
        """Ends in so many seconds."""
        self.at = time.monotonic() + seconds
        """`time.monotonic`."""

    def left(self) -> float:
        """Seconds left; below 0 after the deadline."""
        return self.at - time.monotonic()


class RetryState:
    """Seeded retry jitter of one customer.

    The random generator takes 2.5 kB and is created at the first retry, since few customers retry.
    """

    __slots__ = ("_rng", "_seed", "reconnect_at")

    def __init__(self, *seed: int | str) -> None:
        """The same `seed` gives the same jitter."""
        self._seed = seed
        self._rng: random.Random | None = None
        self.reconnect_at = 0.0
        """`time.monotonic` at which a customer who was cut off reconnects."""

    def away(self) -> float:
        """Seconds until the customer reconnects; 0 for one who is connected."""
        return max(0.0, self.reconnect_at - time.monotonic())

    def seconds(self, longest: float) -> float:
        """A random pause between 0 and `longest`, seconds."""
        if self._rng is None:
            self._rng = random.Random(derive(*self._seed))
        return self._rng.uniform(0, longest)


def ask_with_retries(
    tries: Tries,
    ask: Callable[[float], Attempt],
    limits: Conversation,
    retry_state: RetryState,
    deadline: Deadline,
) -> None:
    """Call `ask` until it succeeds, a retry cannot help, or `deadline` is over.

    `ask` takes the time limit of the attempt in seconds.  Pauses between attempts double from 0.1 s
    to 1 s with full jitter, so that customers who failed together do not come back together; a
    `Retry-After` is honoured up to 1 s.  A customer who was cut off waits until the reconnect, and
    the deadline moves by that wait, which is not the service's time.  `tries` is always up to date,
    so that an interruption leaves the right record.
    """
    while (left := deadline.left()) > 0:
        tries.attempts += 1
        tries.under_way = True
        attempt = ask(min(limits.attempt_timeout_s, left))
        tries.last, tries.under_way = attempt, False
        tries.unsure += attempt.outcome is Outcome.INFO
        tries.error = attempt.error or tries.error
        if attempt.outcome is Outcome.OK or not attempt.retry:
            return
        longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (tries.attempts - 1))
        asked_for = min(attempt.answer.retry_after or 0.0, LONGEST_PAUSE_S)
        away = retry_state.away()
        deadline.at += away
        pause = max(asked_for, retry_state.seconds(longest), away)
        if pause >= deadline.left():
            return
        # Under Locust time.sleep yields to the other customers.
        time.sleep(pause)
        if away := retry_state.away():  # cut off during the pause
            deadline.at += away
            time.sleep(away)
