"""Customers who test that the TTL slides: their sessions get older than the TTL, but never idle
for one TTL.

Most conversations end long before one TTL has passed, so they do not detect a service that deletes
every session one TTL after its creation.  These customers are planned in addition to the Poisson
arrivals and by number, not by share: every seed and every scale of the load has all of them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

KEPT_ALIVE = (0.40, 0.45)
"""The first three pauses, multiples of the TTL: together 1.2, so that the session becomes older
than the TTL; each leaves more than half of the TTL for two slow turns."""
NEARLY_EXPIRED = (0.88, 0.92)
"""The last pause, if the load is long enough: the session must exist after this idle time."""
_KEEPING = 3
TURN_S = 0.5
"""Seconds reserved for each turn, so that the last one ends before the load."""


@dataclass(frozen=True, slots=True)
class SlidingTtl:
    """The plan of these customers."""

    dues: tuple[float, ...] = ()
    """Their arrivals, real seconds after the start of the load; evenly spread, in order."""
    pauses: tuple[tuple[float, float], ...] = ()
    """The bounds of each pause between two turns, multiples of the TTL."""

    @property
    def turns(self) -> int:
        """Number of turns of each."""
        return len(self.pauses) + 1

    def draw(self, ttl_s: float, rng: random.Random) -> tuple[float, ...]:
        """The pauses of one customer, real seconds."""
        return tuple(ttl_s * rng.uniform(*bounds) for bounds in self.pauses)


def plan(customers: int, load_s: float, ttl_s: float, most_turns: int) -> SlidingTtl:
    """The plan for a load of `load_s` and a TTL of `ttl_s`, real seconds.

    All of them end before the load, so that no run lasts longer because of them.  A load without
    room for the last pause omits it.  One that is too short, or allows fewer than four turns a
    conversation, has no such customers.
    """
    keeping = (KEPT_ALIVE,) * _KEEPING
    for pauses in ((*keeping, NEARLY_EXPIRED), keeping):
        life = ttl_s * sum(longest for _, longest in pauses) + TURN_S * (len(pauses) + 1)
        window = load_s - life
        if window > 0 and len(pauses) < most_turns and customers:
            dues = tuple(window * (place + 0.5) / customers for place in range(customers))
            return SlidingTtl(dues, pauses)
    return SlidingTtl()
