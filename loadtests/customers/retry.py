"""The retries of a customer's app, the same for turns, sessions and audits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from loadtests.adk.attempt import Attempt
from loadtests.customers import backoff
from loadtests.customers.backoff import Jitter
from loadtests.profiles.model import Conversation
from reports.records import Outcome


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
    """Why the last failed attempt failed, kept when a later one succeeds.

    A refusal because an earlier attempt still runs does not replace that attempt's error.
    """

    @property
    def outcome(self) -> Outcome:
        """ok when the last attempt succeeded; else info when any may have happened; else fail."""
        last_ok = self.last is not None and self.last.outcome is Outcome.OK
        return backoff.outcome(last_ok, self.unsure > 0 or self.under_way)


class Deadline:
    """The time limit for retries: one for a whole turn, including the opening of its session."""

    __slots__ = ("at",)

    def __init__(self, seconds: float) -> None:
        """Ends in this many seconds."""
        self.at = time.monotonic() + seconds
        """`time.monotonic`."""

    def left(self) -> float:
        """Seconds left; below 0 after the deadline."""
        return self.at - time.monotonic()


class RetryState(Jitter):
    """One customer's retry jitter, and the reconnect after the connection was cut."""

    __slots__ = ("reconnect_at",)

    def __init__(self, *seed: int | str) -> None:
        """The same `seed` gives the same jitter."""
        super().__init__(*seed)
        self.reconnect_at = 0.0
        """`time.monotonic` at which a customer who was cut off reconnects."""

    def away(self) -> float:
        """Seconds until the customer reconnects; 0 for one who is connected."""
        return max(0.0, self.reconnect_at - time.monotonic())


def ask_with_retries(
    tries: Tries,
    ask: Callable[[float], Attempt],
    limits: Conversation,
    retry_state: RetryState,
    deadline: Deadline,
) -> None:
    """Call `ask` until it succeeds, a retry cannot help, or `deadline` is over.

    `ask` takes the time limit of the attempt in seconds; `backoff.pause` is the pause between two.
    A customer who was cut off waits until the reconnect, and the deadline moves by that wait, which
    is not the service's time.  `tries` is always up to date, so that an interruption leaves the
    right record.
    """
    while (left := deadline.left()) > 0:
        tries.attempts += 1
        tries.under_way = True
        attempt = ask(min(limits.attempt_timeout_s, left))
        tries.last, tries.under_way = attempt, False
        tries.unsure += attempt.outcome is Outcome.INFO
        busy = attempt.retry and attempt.answer.status == backoff.BUSY
        tries.error = backoff.error(tries.error, attempt.error, busy=busy)
        if attempt.outcome is Outcome.OK or not attempt.retry:
            return
        away = retry_state.away()
        deadline.at += away
        pause = backoff.pause(tries.attempts, attempt.answer.retry_after, retry_state, away)
        if pause >= deadline.left():
            return
        # Under Locust time.sleep yields to the other customers.
        time.sleep(pause)
        if away := retry_state.away():  # cut off during the pause
            deadline.at += away
            time.sleep(away)
