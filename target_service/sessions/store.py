"""The commands to Redis, in batches that may safely be sent twice.

Each script recognises its own repetition, so that a retry never applies a write twice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, TypeVar

from google.adk.events.event import Event

from target_service.sessions import codec, command
from target_service.sessions.app_state import AppState
from target_service.sessions.cache import Prefix, PrefixCache
from target_service.sessions.command import Batch, Command
from target_service.sessions.connect import connect
from target_service.sessions.durability import Durability, NotDurable
from target_service.sessions.keys import Keys, SessionId, keys
from target_service.sessions.stored import NO_FENCE, Busy, Place, StateChange, Stored, parse

_Item = TypeVar("_Item")

_CHUNK = 100
"""Sessions or users per round trip of a listing."""


GONE = 0
STALE = -1


class Store:
    """The keys and scripts of one Redis.  Methods raise `redis.exceptions.RedisError`."""

    def __init__(
        self,
        uri: str,
        *,
        ttl_ms: int,
        user_ttl_ms: int,
        prefix: str,
        cache_bytes: int,
        durability: Durability,
    ) -> None:
        self._client = connect(uri, durability)
        self._durability = durability
        self._wait = durability.commands()
        self._ttl_ms = ttl_ms
        self._user_ttl_ms = user_ttl_ms
        self._prefix = prefix
        self.cache = PrefixCache(cache_bytes)
        self._app = AppState(self._client, durability, ttl_ms=ttl_ms, user_ttl_ms=user_ttl_ms)
        self._create = command.load("create")
        self._read = command.load("read")
        self._peek = command.load("peek")
        self._begin = command.load("begin")
        self._append = command.load("append")
        self._lease = command.load("lease")
        self._confirm = command.load("confirm")

    async def create(
        self,
        name: SessionId,
        *,
        nonce: bytes,
        updated: float,
        state: StateChange,
        events: Sequence[tuple[Event, bytes]] = (),
        fence: bytes = NO_FENCE,
    ) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Create a session: the user's and the app's state, or None if the id is taken."""
        key = self._keys(name)
        create = self._create(
            [key.meta, key.events, key.index, key.user_state],
            [
                self._ttl_ms,
                self._user_ttl_ms,
                name.session,
                nonce,
                repr(updated),
                fence,
                len(events),
                *state.counts(),
                *(payload for _, payload in events),
                *state.pairs(),
            ],
        )
        batches = [Batch(key.meta, (create, *self._wait)), self._app.read(key)]
        batches += self._app.note(name, key)
        (created, *waited), (app_state,), *noted = await self._client.run(*batches)
        self._app.saw(key, app_state)
        if not created[0]:
            return None
        self._durability.check(waited)
        self._app.noted(name, noted)
        if state.app:
            await self._app.carry(key, nonce, 0, codec.encode_state(state.app))
        return codec.decode_state(created[1]), codec.decode_state(app_state) | dict(state.app)

    async def before_creation(
        self, name: SessionId
    ) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """The user's and the app's state, or None if the session is there already."""
        key = self._keys(name)
        peek = self._peek([key.meta, key.events], [])
        (found, user_state), (app_state,) = await self._client.run(
            Batch(key.meta, (peek, _all_fields(key.user_state))), self._app.read(key)
        )
        if found:
            return None
        return codec.decode_state(user_state), codec.decode_state(app_state)

    async def read(self, name: SessionId) -> Stored | None:
        """The session, or None.  Does not slide the TTL."""
        key = self._keys(name)
        known = self.cache.get(name)
        read = self._read([key.meta, key.events, key.user_state], _offer(known))
        (answer,), (app_state,) = await self._client.run(
            Batch(key.meta, (read,)), self._app.read(key)
        )
        self._app.saw(key, app_state)
        if not answer:
            self.cache.drop(name)
            return None
        return await self._stored(name, known, answer, app_state)

    async def begin(self, name: SessionId, owner: str, lease_ms: int) -> Stored | Busy | None:
        """Take the lease of a session and read it; None when it is gone."""
        key = self._keys(name)
        known = self.cache.get(name)
        begin = self._begin(
            _session_keys(key),
            [self._ttl_ms, name.session, *_offer(known), owner, lease_ms],
        )
        batches = [Batch(key.meta, (begin,)), self._app.read(key)]
        batches += self._app.note(name, key)
        (answer,), (app_state,), *noted = await self._client.run(*batches)
        self._app.saw(key, app_state)
        if answer[0] == 0:
            self.cache.drop(name)
            return None
        if answer[0] == 1:
            return Busy(answer[1])
        self._app.noted(name, noted)
        return await self._stored(name, known, answer[1:], app_state)

    async def append(
        self,
        name: SessionId,
        place: Place,
        events: Sequence[tuple[Event, bytes]],
        state: StateChange,
        *,
        fence: bytes,
        owner: str = "",
    ) -> int:
        """Append encoded events at this place: the new revision, `GONE` or `STALE`.

        `fence` is the next one, made by `new_fence`.

        With an owner, no other turn may have begun since, and the lease is given back.  Returns
        when the write is as durable as required; raises NotDurable when that takes too long.
        """
        key = self._keys(name)
        append = self._append(
            _session_keys(key),
            [
                self._ttl_ms,
                self._user_ttl_ms,
                name.session,
                place.nonce,
                place.revision,
                repr(events[-1][0].timestamp),
                owner,
                place.fence,
                fence,
                len(events),
                *state.counts(),
                *(payload for _, payload in events),
                *state.pairs(),
            ],
        )
        batches = [Batch(key.meta, (append, *self._wait))]
        batches += self._app.note(name, key)
        (answer, *waited), *noted = await self._client.run(*batches)
        revision = int(answer)
        if revision > 0:
            if waited:
                self._durability.check(waited)
            self._app.noted(name, noted)
            if state.app:
                changed = codec.encode_state(state.app)
                await self._app.carry(key, place.nonce, revision, changed)
        return revision

    async def renew(self, name: SessionId, owner: str, lease_ms: int) -> bool:
        """Renew the lease for so long; False when another owner holds it."""
        return bool(await self._leased(name, owner, lease_ms))

    async def release(self, name: SessionId, owner: str) -> None:
        """Give the lease back, if this owner still holds it."""
        await self._leased(name, owner, 0)

    async def confirm(self, name: SessionId, owner: str, stored: Stored) -> None:
        """Give the lease back once the events that were read are as durable as a new write.

        Raises NotDurable when they are not, or when the session has lost them.
        """
        key = self._keys(name)
        known = Prefix(stored.nonce, stored.events, stored.fence, stored.last)
        confirm = self._confirm([key.meta, key.events, key.lease], [owner, *_offer(known)])
        ((there, *waited),) = await self._client.run(Batch(key.meta, (confirm, *self._wait)))
        if not there:
            raise NotDurable("the session has lost events that were read before")
        self._durability.check(waited)

    async def delete(self, name: SessionId) -> None:
        """Delete a session, if it exists."""
        key = self._keys(name)
        self.cache.drop(name)
        delete = Command(("DEL", key.meta, key.events, key.lease))
        # Remove it from the index as well; this neither creates the set nor changes its TTL.
        remove = Command(("ZREM", key.index, name.session))
        ((_, _, *waited),) = await self._client.run(Batch(key.meta, (delete, remove, *self._wait)))
        self._durability.check(waited)

    async def user_state(self, app: str, user: str) -> dict[str, Any]:
        """A user's state."""
        key = self._keys(SessionId(app, user, ""))
        ((fields,),) = await self._client.run(Batch(key.user_state, (_all_fields(key.user_state),)))
        return codec.decode_state(fields)

    async def names(self, app: str, user: str | None) -> list[SessionId]:
        """The sessions in the indexes, of one user or of all; some may have expired."""
        users = [user] if user is not None else await self._users(app)
        found = []
        for chunk in _chunks(users):
            indexes = [self._keys(SessionId(app, each, "")).index for each in chunk]
            answers = await self._client.run(*(Batch(each, (_members(each),)) for each in indexes))
            for each, (members,) in zip(chunk, answers, strict=True):
                found += [SessionId(app, each, member.decode()) for member in members]
        return found

    async def peek(self, names: Sequence[SessionId]) -> list[Stored | None]:
        """Sessions of one app without their events, in the order of the names; None: gone."""
        found = []
        for chunk in _chunks(names):
            users = [list(each) for _, each in groupby(chunk, lambda name: name.user)]
            *answers, (app,) = await self._client.run(
                *(self._peek_all(each) for each in users), self._app.read(self._keys(names[0]))
            )
            for *sessions, user in answers:
                found += [
                    parse(fields, user, app, [], set(), "") if fields else None
                    for fields in sessions
                ]
        return found

    async def verify(self) -> None:
        """Check that the server supports the durability.  Raises ResponseError if not."""
        if self._durability.name == "fsync":
            key = self._keys(SessionId("", "", "")).meta
            (answers,) = await self._client.run(Batch(key, self._wait))
            with contextlib.suppress(NotDurable):  # a slow disk must not prevent the start
                self._durability.check(answers)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def known(self, name: SessionId, place: Place) -> Prefix | None:
        """The cached history, if it ends at exactly this place."""
        entry = self.cache.get(name)
        if entry is None or entry.nonce != place.nonce or len(entry.events) != place.revision:
            return None
        return entry

    def remember(
        self,
        name: SessionId,
        place: Place,
        appended: Sequence[tuple[Event, bytes]],
        *,
        fence: bytes,
    ) -> None:
        """Extend the cached prefix by the appended events, so that the next read is short."""
        entry = self.known(name, place)
        if entry is None:
            return
        events = entry.events + [event for event, _ in appended]
        entry.ids.update(event.id for event, _ in appended)
        size = entry.json_bytes + sum(len(payload) for _, payload in appended)
        last = codec.digest(appended[-1][1])
        self.cache.put(name, Prefix(entry.nonce, events, fence, last, size, entry.ids))

    async def _users(self, app: str) -> list[str]:
        users = self._keys(SessionId(app, "", "")).users
        ((members,),) = await self._client.run(Batch(users, (_members(users),)))
        return [member.decode() for member in members]

    def _peek_all(self, names: Sequence[SessionId]) -> Batch:
        """Each of one user's sessions, then the user's state."""
        wanted = [self._keys(name) for name in names]
        peeks = (self._peek([key.meta, key.events], []) for key in wanted)
        user_state = wanted[0].user_state
        return Batch(user_state, (*peeks, _all_fields(user_state)))

    async def _leased(self, name: SessionId, owner: str, ms: int) -> Any:
        lease = self._keys(name).lease
        ((answer,),) = await self._client.run(Batch(lease, (self._lease([lease], [owner, ms]),)))
        return answer

    def _keys(self, name: SessionId) -> Keys:
        return keys(self._prefix, name)

    async def _stored(
        self, name: SessionId, offered: Prefix | None, answer: Sequence[Any], app: Sequence[bytes]
    ) -> Stored:
        """The session from the offered prefix, because the cache may have changed since."""
        fields, known, suffix, user_state = answer
        if offered is not None and known:
            self.cache.hits += 1
            events, size, ids = offered.events, offered.json_bytes, offered.ids
            last = offered.last
        else:
            self.cache.misses += 1
            events, size, ids, last = [], 0, set(), ""
        if suffix:
            lacked = [codec.decode_event(payload) for payload in suffix]
            events = events + lacked
            ids.update(event.id for event in lacked)
            size += sum(len(payload) for payload in suffix)
            last = codec.digest(suffix[-1])
        stored = parse(fields, user_state, app, events, ids, last)
        if suffix or not known:
            self.cache.put(name, Prefix(stored.nonce, events, stored.fence, last, size, ids))
        if stored.left_behind:  # the writer died before it copied the app's state: finish that
            key, revision = self._keys(name), stored.revision
            await self._app.carry(key, stored.nonce, revision, stored.left_behind)
        return stored


def _offer(prefix: Prefix | None) -> list[bytes | int | str]:
    """The nonce, length, last event and fence of a cached prefix, for the server to validate."""
    if prefix is None or not prefix.events:
        return ["", 0, "", ""]
    return [prefix.nonce, len(prefix.events), prefix.last, prefix.fence]


def _session_keys(key: Keys) -> list[str]:
    return [key.meta, key.events, key.index, key.user_state, key.lease]


def _all_fields(key: str) -> Command:
    return Command(("HGETALL", key))


def _members(key: str) -> Command:
    return Command(("ZRANGE", key, 0, -1))


def _chunks(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
