"""The keys of an app, in a cluster slot of their own: its state, and the set of its users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from target_service.sessions import command
from target_service.sessions.client import RedisClient
from target_service.sessions.command import Batch, Command, Word
from target_service.sessions.durability import Durability
from target_service.sessions.keys import Keys, SessionId
from target_service.sessions.recent_users import Recent

SLACK = 0.25
"""A user's entry in the app's set outlives the sessions by this part of the TTL: twice the time for
which `RecentUsers` may skip an update."""
_NOT_NOTED = [0]
_APPS = 1000
"""At most this many apps have their state cached."""


class AppState:
    """Reads and writes the app's keys."""

    def __init__(
        self, client: RedisClient, durability: Durability, *, ttl_ms: int, user_ttl_ms: int
    ) -> None:
        self._client = client
        self._durability = durability
        self._ttl_ms = ttl_ms
        self._user_ttl_ms = user_ttl_ms
        self._noted = Recent(ttl_ms / 8000)
        self._seen: dict[str, Sequence[bytes]] = {}
        """App → its state at the last read, flat."""
        self._carry = command.load("carry")
        self._carried = command.load("carried")
        self._user = command.load("user")

    def read(self, key: Keys) -> Batch:
        """A batch that reads the app's state; pass its answer to `saw`.

        In a cluster another node may hold it than the session's.  While that node is silent, the
        state that this replica read last is used, so that one dead node does not stop all
        customers of an app.
        """
        seen = self._seen.get(key.app_state)
        commands = (Command(("HGETALL", key.app_state)),)
        return Batch(key.app_state, commands, None if seen is None else [seen])

    def saw(self, key: Keys, answer: Sequence[bytes]) -> None:
        """Take the answer to `read`."""
        if len(self._seen) >= _APPS:
            self._seen.clear()
        self._seen[key.app_state] = answer

    def note(self, name: SessionId, key: Keys) -> tuple[Batch, ...]:
        """A batch that records the user in the app's set, when due; pass its answer to `noted`.

        Also keeps the app's state from expiring.
        """
        if name in self._noted:
            return ()
        slack = round(self._ttl_ms * SLACK)
        note = self._user(
            [key.users, key.app_state],
            [self._ttl_ms + slack, name.user, self._user_ttl_ms + slack],
        )
        return (Batch(key.users, (note,), _NOT_NOTED),)

    def noted(self, name: SessionId, answers: Sequence[list[Any]]) -> None:
        """Take the answer to `note`: the entry is not written again for a while."""
        if answers and answers[0] != _NOT_NOTED:
            self._noted.add(name)

    async def carry(self, key: Keys, nonce: bytes, revision: int, pairs: Sequence[Word]) -> None:
        """Copy changed app state here from the session, where it is stored already."""
        count = len(pairs) // 2
        carry = self._carry(
            [key.app_state, key.carried],
            [self._user_ttl_ms, self._ttl_ms, nonce + b":", revision, count, *pairs],
        )
        wait = self._durability.commands()
        ((_, *waited),) = await self._client.run(Batch(key.app_state, (carry, *wait)))
        self._durability.check(waited)
        carried = self._carried([key.meta], [nonce, count, *pairs])
        await self._client.run(Batch(key.meta, (carried,)))
