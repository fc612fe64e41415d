"""The simulated Redis: one thread for each shard, and the sessions in its memory.

A script takes `redis_script_s` and a time for its bytes, in order of arrival.  Pauses (an fsync, a
fork, a restart) stop the thread.  A session lives for the TTL after its last use.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from heapq import heappush

from loadtests.simulation import stages
from loadtests.simulation.calibration import Calibration
from loadtests.simulation.processors import Cores, Event
from loadtests.simulation.state import Request, Shard, Talk

_GIB = 2.0**30

Later = tuple[Shard, float, int, Request, float]
"""A script that came in a pause: shard, seconds, the next stage, the request, the way after it."""


class Store:
    """The Redis servers of a simulation."""

    def __init__(
        self,
        calibration: Calibration,
        shards: list[Shard],
        cores: Cores,
        calendar: list[Event],
        number: Callable[[], int],
        ttl_s: float,
    ) -> None:
        """`ttl_s` is the sliding TTL of a session."""
        self.calibration, self.shards, self.ttl_s = calibration, shards, ttl_s
        self._submit = cores.submit
        self._only = shards[0] if len(shards) == 1 else None
        self._trip_s, self._patience_s = calibration.redis_trip_s, calibration.store_patience_s
        self._calendar, self._number = calendar, number
        self._expiries: deque[tuple[float, Talk]] = deque()
        """(the end of the TTL, the session), nearly in order; old ends of a session stay in it."""

    def run(self, t: float, request: Request, work: float, stage: int, way_s: float = 0.0) -> None:
        """Run a script of `work` seconds; event `stage` follows, or `GIVE_UP` after a long wait.

        It comes `way_s` seconds after the answer has reached the replica.
        """
        shard = self._only or self.shard(request.talk)
        shard.scripts += 1
        patience, back = self._patience_s, shard.pauses_until
        begins = back if back > shard.free_at else shard.free_at
        if begins - t > patience:
            heappush(self._calendar, (t + patience, self._number(), stages.GIVE_UP, request))
        elif t < back:
            later: Later = (shard, work, stage, request, way_s)
            heappush(self._calendar, (back, self._number(), stages.REDIS_LATER, later))
        else:
            self._submit(shard, t, work * shard.speed, stage, request, self._trip_s + way_s)

    def run_later(self, t: float, later: Later) -> None:
        """Run a script that came in a pause."""
        shard, work, stage, request, way_s = later
        self._submit(shard, t, work * shard.speed, stage, request, self._trip_s + way_s)

    def shard(self, talk: Talk) -> Shard:
        """The Redis server of a session."""
        return self._only or self.shards[talk.planned.index % len(self.shards)]

    def create(self, t: float, talk: Talk) -> None:
        """A new session."""
        self.forget(talk)
        shard = self.shard(talk)
        talk.bytes = self.calibration.redis_session_bytes
        talk.stored, talk.settled, talk.lease = [], -1, None
        talk.cached = None
        talk.expires = t + self.ttl_s
        shard.live_bytes += talk.bytes
        shard.live_sessions += 1
        self.expires(talk)

    def append(self, t: float, talk: Talk, turn: int) -> None:
        """Write a turn, and give the lease back."""
        talk.lease = None
        talk.stored.append(turn)
        talk.settled = turn
        added = self.calibration.redis_turn_bytes
        talk.bytes += added
        (self._only or self.shard(talk)).live_bytes += added
        talk.expires = expires = t + self.ttl_s
        self._expiries.append((expires, talk))

    def expires(self, talk: Talk) -> None:
        """The TTL of a session has begun again."""
        self._expiries.append((talk.expires, talk))

    def forget(self, talk: Talk) -> None:
        """Count a session as gone, once."""
        if talk.bytes:
            shard = self.shard(talk)
            shard.live_bytes -= talk.bytes
            shard.live_sessions -= 1
            talk.bytes = 0.0

    def expire(self, t: float) -> None:
        """Count all sessions as gone whose TTL has ended by `t`."""
        expiries = self._expiries
        while expiries and expiries[0][0] <= t:
            at, talk = expiries.popleft()
            if talk.bytes and talk.expires == at:
                self.shard(talk).expired += 1
                self.forget(talk)

    def pause(self, t: float, seconds: float) -> None:
        """The thread of every shard stops for so long."""
        for shard in self.shards:
            shard.pauses_until = max(shard.pauses_until, t + seconds)

    def fork(self, t: float) -> None:
        """Every shard forks for a rewrite of its file, a pause in proportion to its memory."""
        for shard in self.shards:
            seconds = self.calibration.redis_fork_s_per_gib * shard.live_bytes / _GIB
            shard.pauses_until = max(shard.pauses_until, t + seconds)

    @property
    def drained(self) -> bool:
        """Whether no session is left."""
        return all(shard.live_sessions == 0 for shard in self.shards)
