"""The decisions of a customer's app about retries: pure, so that the simulation makes the same."""

from __future__ import annotations

import random

from loadtests.arrivals.seeds import derive
from reports.records import Outcome

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 1.0
BUSY = 409
"""The status of a turn that is refused because another one of its session is running."""
OPENING = "opening the session: "
"""The prefix of a turn's error when opening its session needed several attempts."""


class Jitter:
    """Seeded retry jitter of one customer.

    The random generator takes 2.5 kB and is created at the first retry, since few customers retry.
    """

    __slots__ = ("_rng", "_seed")

    def __init__(self, *seed: int | str) -> None:
        """The same `seed` gives the same jitter."""
        self._seed = seed
        self._rng: random.Random | None = None

    def seconds(self, longest: float) -> float:
        """A random pause between 0 and `longest`, seconds."""
        if self._rng is None:
            self._rng = random.Random(derive(*self._seed))
        return self._rng.uniform(0, longest)


def pause(attempts: int, retry_after: float | None, jitter: Jitter, away: float = 0.0) -> float:
    """Seconds to wait after the failed attempt number `attempts` (from 1).

    Pauses double from 0.1 s to 1 s with full jitter, so that customers who failed together do not
    come back together; a `Retry-After` is honoured up to 1 s.  A customer who is `away` for some
    seconds waits at least that long.
    """
    longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (attempts - 1))
    asked_for = min(retry_after or 0.0, LONGEST_PAUSE_S)
    return max(asked_for, jitter.seconds(longest), away)


def outcome(last_ok: bool, may_have_happened: bool) -> Outcome:
    """ok when the last attempt succeeded; else info when any may have happened; else fail."""
    if last_ok:
        return Outcome.OK
    return Outcome.INFO if may_have_happened else Outcome.FAIL


def error(before: str | None, new: str | None, *, busy: bool) -> str | None:
    """Why a request failed so far, after an attempt with the error `new`.

    A retry that is refused as `busy` was refused for the attempt before it, whose error stays.
    """
    return before if before and busy else new or before
