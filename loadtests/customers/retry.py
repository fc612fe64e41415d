"""Asking again: the patience of a customer's app, the same for turns, sessions and audits."""

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
    """What is known so far of something asked for, perhaps more than once."""

    attempts: int = 0
    last: Attempt | None = None
    """The last attempt that came to an end."""
    unsure: int = 0
    """How many attempts that came to an end may or may not have happened."""
    under_way: bool = False
    """An attempt has been made and has not come to an end."""
    error: str | None = None
    """Why an attempt failed, kept when a later one succeeds."""

    @property
    def outcome(self) -> Outcome:
        """ok when the last attempt succeeded; else info when any may have happened; else fail."""
        if self.last is not None and self.last.outcome is Outcome.OK:
            return Outcome.OK
        return Outcome.INFO if self.unsure or self.under_way else Outcome.FAIL


class Deadline:
    """Until when somebody asks again: one for all that a turn takes, its session included."""

    __slots__ = ("at",)

    def __init__(self, seconds: float) -> None:
        """So many seconds from now."""
        self.at = time.monotonic() + seconds
        """`time.monotonic`."""

    def left(self) -> float:
        """Seconds until it; below 0 when it is over."""
        return self.at - time.monotonic()


class RetryState:
    """The luck of one customer's retries; a generator of it weighs 2.5 kB, and few ever retry."""

    __slots__ = ("_rng", "_seed", "away_until")

    def __init__(self, *seed: int | str) -> None:
        """The same `seed`, the same luck."""
        self._seed = seed
        self._rng: random.Random | None = None
        self.away_until = 0.0
        """`time.monotonic` when a customer who was cut off is back."""

    def away(self) -> float:
        """Seconds until the customer is back; 0 for one who is there."""
        return max(0.0, self.away_until - time.monotonic())

    def seconds(self, longest: float) -> float:
        """Between 0 and `longest`."""
        if self._rng is None:
            self._rng = random.Random(derive(*self._seed))
        return self._rng.uniform(0, longest)


def persist(
    tries: Tries,
    ask: Callable[[float], Attempt],
    limits: Conversation,
    jitter: RetryState,
    deadline: Deadline,
) -> None:
    """Ask until it succeeds, asking again cannot help, or `deadline` has come.

    `ask` is given the seconds this attempt may take.  Pauses between attempts double from 0.1 s to
    1 s with full jitter, so that customers who failed together do not come back together; a
    `Retry-After` is honoured up to 1 s.  Who was cut off waits until they are back, and so does the
    deadline, for whatever is asked until it after this: it is not the service's time.  `tries` is
    kept current, so that whoever interrupts this still learns what was under way.
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
        away = jitter.away()
        deadline.at += away
        pause = max(asked_for, jitter.seconds(longest), away)
        if pause >= deadline.left():
            return
        # Locust makes time.sleep give way to the other customers.
        time.sleep(pause)
        if away := jitter.away():  # cut off during the pause
            deadline.at += away
            time.sleep(away)
