"""Redis filled as a load would fill it, without a service, and its memory then.

The sessions are copies (DUMP and RESTORE) of some that the reference service wrote, by the number
of their turns.  A window of the load is written in real time, so that Redis expires and reclaims as
it does in a run; before it stands every session that is alive when the window begins.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from redis import Redis

from loadtests.arrivals import arrivals, conversation
from loadtests.arrivals.conversation import ConversationPlan
from loadtests.arrivals.forecast import laid_out
from loadtests.profiles.profile import Profile

_APP = "shopmax"
_USERS = f"diya:x:{{{_APP}/}}"
_RUN = "0123456789ab"
_TOGETHER = 2000
_LONGEST_TALK_S = 1800.0
"""Sale seconds; of ten thousand conversations hardly one takes longer."""

_UNRECLAIMED = 0.085
"""Of a TTL: sessions that expired so long ago, or less, make 7.5 % of all keys.  That is the share
of dead keys where 67 expire a second, as measured with 20,000 keys over three minutes."""

Write = tuple[float, int, int, float]
"""When, the index of the conversation, how many turns it holds then, when it expires."""


def used(redis: Redis) -> float:
    """Bytes in use without the buffers of clients and of the append-only file."""
    info: dict[str, Any] = dict(redis.info("memory"))
    return float(info["used_memory"] - info["mem_clients_normal"] - info["mem_aof_buffer"])


def empty(redis: Redis) -> float:
    """Forget every key; returns the bytes in use then."""
    # SYNC: some servers free memory later by default.
    client: Any = redis
    client.execute_command("FLUSHALL", "SYNC")
    return used(redis)


@dataclass(slots=True)
class Copies:
    """Sessions that the service wrote, as DUMP gives their keys, by the number of their turns."""

    redis: Redis
    by_turns: list[list[dict[str, bytes]]] = field(default_factory=list)

    def take(self, plans: list[ConversationPlan]) -> None:
        """Copy the stored keys of these conversations, which have one turn more than last time."""
        client: Any = self.redis
        found = []
        for plan in plans:
            names = {kind: _key(kind, plan.user, plan.session) for kind in "mei"}
            found.append({kind: client.dump(name) for kind, name in names.items()})
        self.by_turns.append(found)

    def write(self, writes: list[Write], now: float) -> None:
        """Write these sessions, each with the time that it has left at `now`, load time."""
        for place in range(0, len(writes), _TOGETHER):
            pipe: Any = self.redis.pipeline(transaction=False)
            for _, index, turns, expires in writes[place : place + _TOGETHER]:
                alike = self.by_turns[min(turns, len(self.by_turns)) - 1]
                user, session = f"customer-{_RUN}-{index}", f"chat-{_RUN}-{index}"
                left = max(1, round(1000 * (expires - now)))
                for kind, blob in alike[index % len(alike)].items():
                    pipe.restore(_key(kind, user, session), left, blob, replace=True)
                pipe.zadd(_USERS, {user: expires})
            pipe.zremrangebyscore(_USERS, "-inf", now)
            pipe.execute()


def _key(kind: str, user: str, session: str) -> str:
    """As `target_service.sessions.keys` names them."""
    tail = "" if kind == "i" else f"/{session}"
    return f"diya:{kind}:{{{_APP}/{user}}}{tail}"


def play(copies: Copies, profile: Profile, seed: int, at: float, seconds: float) -> list[float]:
    """Play `seconds` of the load up to load time `at`; bytes in use, once a second.

    Sessions that expired shortly before the window are written too: about as many as Redis leaves
    unreclaimed.  Where there are few keys it soon has its own number of them; among hundreds of
    thousands it would need a quarter of an hour.
    """
    begin, ttl = at - seconds, profile.real_ttl_seconds
    before: list[Write] = []
    during: list[Write] = []
    late = ttl * _UNRECLAIMED
    for moment, index, turns, end, expires in _writes(profile, seed, begin, at):
        if moment >= begin:
            during.append((moment, index, turns, expires))
        elif end >= begin - late and (end >= begin or end == expires):
            before.append((moment, index, turns, max(expires, begin)))
    during.sort()
    # Those that are dead lie among all others, as in a run.
    random.Random(seed).shuffle(before)
    copies.write(before, begin)
    started, coming, found = time.monotonic(), iter(during), list[float]()
    held = next(coming, None)
    for second in range(1, int(seconds) + 1):
        for part in range(1, 11):
            now = begin + second - 1 + part / 10
            due = []
            while held is not None and held[0] <= now:
                due.append(held)
                held = next(coming, None)
            copies.write(due, now)
            time.sleep(max(0.0, started + now - begin - time.monotonic()))
        found.append(used(copies.redis))
    return found


def _writes(
    profile: Profile, seed: int, begin: float, end: float
) -> Iterator[tuple[float, int, int, float, float]]:
    """Time, conversation, turns, next write and expiry of each write that matters in the window."""
    ttl = profile.real_ttl_seconds
    oldest = begin - 2 * ttl - _LONGEST_TALK_S / profile.compression
    soon = itertools.takewhile(lambda each: each.due < end, arrivals.stream(profile, seed))
    for arrival in soon:
        if arrival.due >= oldest or arrival.sliding:
            plan = conversation.plan(profile, arrival, _RUN)
            for moment, until, turns in laid_out(plan, arrival.due).writes(ttl):
                if moment < end:
                    yield moment, arrival.index, turns, until, moment + ttl
