"""Customers who prove that the TTL slides: their sessions get older than it, never idle for it.

Most conversations end long before one TTL has passed.  A service that deletes every session one TTL
after its creation loses nothing then.  These customers are planned besides the Poisson arrivals and
by number, not by share: every seed and every scale of the load has all of them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

KEPT_ALIVE = (0.40, 0.45)
"""The first three pauses, multiples of the TTL: 1.2 together, so that the session is older than the
TTL; each leaves more than half of the TTL for two slow turns."""
NEARLY_EXPIRED = (0.88, 0.92)
"""The last pause, where the load is long enough: a session idle for so long must still be there."""
_KEEPING = 3
TURN_S = 0.5
"""Seconds set aside for each turn, so that the last one is over before the load is."""


@dataclass(frozen=True, slots=True)
class SlidingTtl:
    """The plan of these customers."""

    dues: tuple[float, ...] = ()
    """When they arrive, real seconds after the start of the load; evenly spread, in order."""
    pauses: tuple[tuple[float, float], ...] = ()
    """The bounds of each pause between two turns, multiples of the TTL."""

    @property
    def turns(self) -> int:
        """Turns of each of them."""
        return len(self.pauses) + 1

    def draw(self, ttl_s: float, rng: random.Random) -> tuple[float, ...]:
        """The pauses of one of them, real seconds."""
        return tuple(ttl_s * rng.uniform(*bounds) for bounds in self.pauses)


def plan(customers: int, load_s: float, ttl_s: float, most_turns: int) -> SlidingTtl:
    """The plan for a load of `load_s` and a TTL of `ttl_s`, real seconds.

    All of them are done before the load ends, so that no run lasts longer for them: a load with no
    room for the last pause leaves it out, and one that is too short (or allows fewer than
    four turns a conversation) has no such customers.
    """
    keeping = (KEPT_ALIVE,) * _KEEPING
    for pauses in ((*keeping, NEARLY_EXPIRED), keeping):
        life = ttl_s * sum(longest for _, longest in pauses) + TURN_S * (len(pauses) + 1)
        window = load_s - life
        if window > 0 and len(pauses) < most_turns and customers:
            dues = tuple(window * (place + 0.5) / customers for place in range(customers))
            return SlidingTtl(dues, pauses)
    return SlidingTtl()
