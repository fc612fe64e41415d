"""What an app has for itself, in a slot of its own: its state, and the set of its users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from target_service.sessions import command
from target_service.sessions.client import Link
from target_service.sessions.command import Batch, Command, Word
from target_service.sessions.durability import Durability
from target_service.sessions.keys import Keys, SessionId
from target_service.sessions.recent_users import Recent

_SLACK = 0.25
"""The entry of a user among the app's users outlives the sessions by this part of the TTL: twice
what `Recent` may leave out."""
_NOT_NOTED = [0]
_APPS = 1000
"""Of so many apps the state is remembered."""


class AppSlot:
    """Reads and writes the app's keys; what must go with them into a session's slot, too."""

    def __init__(
        self, link: Link, durability: Durability, *, ttl_ms: int, user_ttl_ms: int
    ) -> None:
        self._link = link
        self._durability = durability
        self._ttl_ms = ttl_ms
        self._user_ttl_ms = user_ttl_ms
        self._noted = Recent(ttl_ms / 8000)
        self._seen: dict[str, Sequence[bytes]] = {}
        """Of each app, its state when it was read last, flat."""
        self._carry = command.load("carry")
        self._carried = command.load("carried")
        self._user = command.load("user")

    def read(self, key: Keys) -> Batch:
        """Reads the app's state; `saw` takes the answer.

        In a cluster another node has it than the session.  While that one is silent, what this
        replica saw last will do: one dead node must not stop an app's every customer.
        """
        seen = self._seen.get(key.app_state)
        commands = (Command(("HGETALL", key.app_state)),)
        return Batch(key.app_state, commands, None if seen is None else [seen])

    def saw(self, key: Keys, answer: Sequence[bytes]) -> None:
        """The answer to `read`."""
        if len(self._seen) >= _APPS:
            self._seen.clear()
        self._seen[key.app_state] = answer

    def note(self, name: SessionId, key: Keys) -> tuple[Batch, ...]:
        """Notes that the user has a session, when that is due again; `noted` takes the answer.

        Also keeps the app's state from expiring.
        """
        if name in self._noted:
            return ()
        slack = round(self._ttl_ms * _SLACK)
        note = self._user(
            [key.users, key.app_state],
            [self._ttl_ms + slack, name.user, self._user_ttl_ms + slack],
        )
        return (Batch(key.users, (note,), _NOT_NOTED),)

    def noted(self, name: SessionId, answers: Sequence[list[Any]]) -> None:
        """The user has a session indeed; if that was written now, it holds for a while."""
        if answers and answers[0] != _NOT_NOTED:
            self._noted.add(name)

    async def carry(self, key: Keys, nonce: bytes, revision: int, pairs: Sequence[Word]) -> None:
        """Bring changed app state here from the session that changed it, where it is safe."""
        count = len(pairs) // 2
        carry = self._carry(
            [key.app_state, key.carried],
            [self._user_ttl_ms, self._ttl_ms, nonce + b":", revision, count, *pairs],
        )
        wait = self._durability.commands()
        ((_, *waited),) = await self._link.run(Batch(key.app_state, (carry, *wait)))
        self._durability.check(waited)
        carried = self._carried([key.meta], [nonce, count, *pairs])
        await self._link.run(Batch(key.meta, (carried,)))
