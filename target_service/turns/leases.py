"""Leases of running turns: renewed while the turn runs, and given back at its end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine

from redis.exceptions import RedisError

from target_service.sessions.keys import SessionId
from target_service.sessions.service import RedisSessionService
from target_service.sessions.turn import Turn

_RETRY_S = 0.05


class Leases:
    """Renews and returns this replica's leases, each for `lease_ms` at a time."""

    def __init__(self, sessions: RedisSessionService, lease_ms: int) -> None:
        self._sessions = sessions
        self._lease_ms = lease_ms
        self._owed: dict[tuple[SessionId, str], float] = {}
        """Leases that could not be given back yet, with the time at which each expires."""
        self._paying: asyncio.Task[None] | None = None
        self._renewals: set[asyncio.Task[None]] = set()

    def keep(self, turn: Turn) -> Heartbeat:
        """Renew the lease of this turn until the heartbeat is stopped."""
        return Heartbeat(self, turn, self._lease_ms / 3000)

    async def let_go(self, turn: Turn) -> None:
        """Discard the turn and give its lease back, now or as soon as Redis answers."""
        try:
            await self._sessions.abandon_turn(turn)
        except RedisError:
            self.let_go_soon(turn.name, turn.owner)

    def let_go_soon(self, name: SessionId, owner: str) -> None:
        """Give a lease back as soon as Redis answers again.

        A lease outlives a restart of Redis, and without this the customer's repeat would wait for
        it to expire.  If the protected write is still on its way, it is refused once the repeat has
        begun.
        """
        ends = asyncio.get_running_loop().time() + self._lease_ms / 1000
        self._owed[name, owner] = ends
        if self._paying is None:
            self._paying = asyncio.create_task(self._pay())

    async def renew(self, turn: Turn) -> bool:
        """Renew once; False when the lease is lost, so that the commit will be refused."""
        try:
            return await self._sessions.store.renew(turn.name, turn.owner, self._lease_ms)
        except RedisError:
            return True  # unknown: the next beat tries again

    def start(self, renewal: Coroutine[None, None, None]) -> None:
        """Run a renewal as a task, and keep a reference to it, which the event loop does not."""
        task = asyncio.create_task(renewal)
        self._renewals.add(task)
        task.add_done_callback(self._renewals.discard)

    async def _pay(self) -> None:
        # One after the other: when Redis fails, hundreds of turns fail together, and they must not
        # flood it when it comes back.
        try:
            while self._owed:
                (name, owner), ends = next(iter(self._owed.items()))
                del self._owed[name, owner]
                if asyncio.get_running_loop().time() >= ends:
                    continue
                try:
                    await self._sessions.store.release(name, owner)
                except RedisError:
                    self._owed[name, owner] = ends
                    await asyncio.sleep(_RETRY_S * random.uniform(0.5, 1.5))
        finally:
            self._paying = None


class Heartbeat:
    """Renews one lease from a timer.

    Most turns end before the first beat, and a timer costs less than a task.
    """

    def __init__(self, leases: Leases, turn: Turn, every_s: float) -> None:
        self._leases = leases
        self._turn = turn
        self._every_s = every_s
        self._stopped = False
        self._timer = self._next()

    def stop(self) -> None:
        """Stop renewing; a renewal in progress finds the lease returned."""
        self._stopped = True
        self._timer.cancel()

    def _next(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(self._every_s, self._beat)

    def _beat(self) -> None:
        self._leases.start(self._renew())

    async def _renew(self) -> None:
        if await self._leases.renew(self._turn) and not self._stopped:
            self._timer = self._next()
