"""ADK's session service on Redis: append-only, atomic, with a sliding TTL on every session."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from google.adk.errors import StaleSessionError
from google.adk.errors.already_exists_error import AlreadyExistsError
from google.adk.errors.session_not_found_error import SessionNotFoundError
from google.adk.events.event import Event
from google.adk.platform import time as platform_time
from google.adk.sessions.base_session_service import (
    BaseSessionService,
    GetSessionConfig,
    ListSessionsResponse,
)
from google.adk.sessions.session import Session
from google.adk.sessions.state import State

from target_service.sessions import codec, pending_session
from target_service.sessions import durability as durabilities
from target_service.sessions.cache import CacheStats
from target_service.sessions.keys import SessionId
from target_service.sessions.pending_session import Creation, Initial
from target_service.sessions.store import GONE, STALE, Store
from target_service.sessions.stored import (
    NO_FENCE,
    UNCHANGED,
    Busy,
    Mark,
    StateChange,
    Stored,
    new_fence,
)
from target_service.sessions.turn import Turn, current


class RedisSessionService(BaseSessionService):
    """Sessions in Redis, shared by all replicas.

    Args:
      uri: One server: `redis://[:password@]host:port/db` (or `rediss://`, `unix://`).  The primary
        of a Sentinel set: `redis+sentinel://[:password@]host:port[,host:port]/name[/db]` with the
        hosts and ports of the sentinels, which use the same password or none.  A cluster:
        `redis+cluster://[:password@]host:port[,host:port]` with any of its nodes.
      ttl_seconds: A session expires this long after its last turn or append; reads do not extend
        it.
      user_ttl_seconds: How long `user:` and `app:` state outlives the last append to one of its
        sessions.
      key_prefix: The prefix of every key.
      cache_bytes: Bound on the memory (estimated) of cached histories.
      durability: How durable a write is before it is acknowledged: `memory`, `aof`, `fsync` or
        `replicated:N`; see `durability.Durability`.

    Each append is one atomic script at an exact revision, over keys of one slot: history, session
    state and user state.  `app:` state is in a slot of its own; it is written after the history
    and before the acknowledgement.  If the writer dies in between, the session's next reader
    finishes that write.  Returned events are shared with the cache: treat them as immutable, as ADK
    does.

    Methods raise `redis.exceptions.RedisError` when Redis does not answer, within two seconds.
    """

    def __init__(
        self,
        uri: str,
        ttl_seconds: float = 7200,
        *,
        user_ttl_seconds: float = 30 * 86400,
        key_prefix: str = "diya",
        cache_bytes: int = 64 << 20,
        durability: str = "aof",
    ) -> None:
        if ttl_seconds <= 0:
            raise ValueError(f"ttl_seconds must be above 0, got {ttl_seconds}")
        self.store = Store(
            uri,
            ttl_ms=max(1, round(ttl_seconds * 1000)),
            user_ttl_ms=max(1, round(user_ttl_seconds * 1000)),
            prefix=key_prefix,
            cache_bytes=cache_bytes,
            durability=durabilities.parse(durability),
        )

    async def verify(self) -> None:
        """Check that the server supports `durability`.

        Raises `redis.exceptions.ResponseError` when it does not, another RedisError when it does
        not answer.
        """
        await self.store.verify()

    async def create_session(
        self,
        *,
        app_name: str,
        user_id: str,
        state: dict[str, Any] | None = None,
        session_id: str | None = None,
    ) -> Session:
        """Create a session.  Raises AlreadyExistsError when the id is taken."""
        name = SessionId(app_name, user_id, (session_id or "").strip() or str(uuid.uuid4()))
        change = _by_scope(state or {})
        nonce, now = uuid.uuid4().hex.encode(), platform_time.get_time()
        bringing = pending_session.current.get()
        if bringing is not None and bringing.creation is None:
            scopes = await self.store.before_creation(name)
        else:
            bringing = None
            scopes = await self.store.create(name, nonce=nonce, updated=now, state=change)
        if scopes is None:
            raise _taken(name)
        user_state, app_state = scopes[0] | dict(change.user), scopes[1] | dict(change.app)
        session_state = dict(change.session)
        stored = Stored(nonce, 0, NO_FENCE, now, session_state, user_state, app_state, [])
        if bringing is not None:
            bringing.creation = Creation(name, stored, change)
        return _session(name, stored, stored.events)

    async def get_session(
        self,
        *,
        app_name: str,
        user_id: str,
        session_id: str,
        config: GetSessionConfig | None = None,
    ) -> Session | None:
        """The session, or None when it does not exist or has expired."""
        name = SessionId(app_name, user_id, session_id.strip())
        turn = current.get()
        if turn is not None and turn.name == name:
            return _turn_session(turn, config)
        stored = await self.store.read(name)
        return None if stored is None else _session(name, stored, _selected(stored.events, config))

    async def list_sessions(
        self, *, app_name: str, user_id: str | None = None
    ) -> ListSessionsResponse:
        """The live sessions of a user or of all users, without events, oldest update first."""
        names = await self.store.names(app_name, user_id)
        found = await self.store.peek(names)
        sessions = [
            _session(name, stored, [])
            for name, stored in zip(names, found, strict=True)
            if stored is not None
        ]
        sessions.sort(key=lambda each: (each.last_update_time, each.user_id, each.id))
        return ListSessionsResponse(sessions=sessions)

    async def delete_session(self, *, app_name: str, user_id: str, session_id: str) -> None:
        """Delete a session, if it exists."""
        await self.store.delete(SessionId(app_name, user_id, session_id.strip()))

    async def get_user_state(self, *, app_name: str, user_id: str) -> dict[str, Any]:
        """The user's state, keys without the `user:` prefix."""
        return await self.store.user_state(app_name, user_id)

    async def append_event(self, session: Session, event: Event) -> Event:
        """Append an event; within a turn all events are written together at the turn's end.

        Raises SessionNotFoundError when the session is gone, StaleSessionError when another
        writer appended since `session` was read.
        """
        bringing = pending_session.current.get()
        if bringing is not None and bringing.holds(session):
            return await self._append_initially(bringing, session, event)
        if event.partial:
            return event
        name = SessionId(session.app_name, session.user_id, session.id)
        turn = current.get()
        if turn is not None and turn.name == name:
            return await self._append_to_turn(turn, session, event)
        mark = _marked(session)
        known = self.store.known(name, mark)
        if known is None and len(session.events) != mark.revision:
            # The session object holds only a part of the history: fetch the whole.
            await self.store.read(name)
            known = self.store.known(name, mark)
        if known is None or event.id in known.ids:
            events = session.events if known is None else known.events
            if _holds(events, event) and await self._still_holds(name, mark, event):
                return event  # a repetition: the event is stored already
        self._apply_temp_state(session, event)
        event = self._trim_temp_delta_state(event)
        change = _by_scope(event.actions.state_delta)
        written = [(event, codec.encode_event(event))]
        fence = new_fence()
        revision = await self.store.append(name, mark, written, change, fence=fence)
        _refuse(name, revision)
        self.store.remember(name, mark, written, fence=fence)
        self._commit_event_to_session(session, event)
        session.last_update_time = event.timestamp
        session._storage_update_marker = _marker(mark.nonce, revision, fence)
        return event

    async def begin_turn(
        self, name: SessionId, lease_ms: int, *, owner: str | None = None
    ) -> Turn | Busy:
        """Take the session's lease for a turn and read what it needs, in one round trip.

        `owner` must be unique to the attempt (generated by default).  After a RedisError the lease
        may have been taken nevertheless, and only with its owner can it be given back.
        """
        owner = owner or uuid.uuid4().hex
        stored = await self.store.begin(name, owner, lease_ms)
        return stored if isinstance(stored, Busy) else Turn(name, owner, stored)

    async def commit_turn(self, turn: Turn) -> None:
        """Write the whole turn, or nothing.

        Raises SessionNotFoundError, StaleSessionError or ValueError when nothing was written, and
        RedisError when the outcome is unknown.
        """
        if turn.stored is None:
            return
        turn.encode()
        if not turn.written:
            await self.store.release(turn.name, turn.owner)
            return
        fence = new_fence()
        revision = await self.store.append(
            turn.name,
            turn.stored,
            turn.written,
            turn.change(),
            fence=fence,
            owner=turn.owner,
        )
        _refuse(turn.name, revision)
        self.store.remember(turn.name, turn.stored, turn.written, fence=fence)

    async def abandon_turn(self, turn: Turn) -> None:
        """Discard the turn's writes, and give its lease back."""
        if turn.stored is not None:
            await self.store.release(turn.name, turn.owner)

    async def confirm_turn(self, turn: Turn) -> None:
        """Give the lease back once the history that the turn read is as durable as a write.

        Call it before answering a repeated turn from history, because the first attempt may have
        been written without confirmation.  Raises RedisError when that fails.
        """
        if turn.stored is not None:
            await self.store.confirm(turn.name, turn.owner, turn.stored)

    def cache_stats(self) -> CacheStats:
        """Statistics of this replica's cache of histories."""
        return self.store.cache.stats()

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self.store.close()

    async def _still_holds(self, name: SessionId, mark: Mark, event: Event) -> bool:
        """Read from the server, because it may have lost the state that this replica has cached."""
        found = await self.store.read(name)
        return found is not None and found.nonce == mark.nonce and _holds(found.events, event)

    async def _append_initially(self, bringing: Initial, session: Session, event: Event) -> Event:
        """Hold the event; after the last one, create the session."""
        creation = bringing.creation
        assert creation is not None
        bringing.count -= 1
        if not event.partial and not _holds((each for each, _ in creation.written), event):
            event = await super().append_event(session=session, event=event)
            session.last_update_time = event.timestamp
            creation.written.append((event, codec.encode_event(event)))
            creation.state = creation.state.then(_by_scope(event.actions.state_delta))
        if bringing.count == 0:
            fence, nonce = new_fence(), creation.stored.nonce
            created = await self.store.create(
                creation.name,
                nonce=nonce,
                updated=session.last_update_time,
                state=creation.state,
                events=creation.written,
                fence=fence,
            )
            if created is None:
                raise _taken(creation.name)
            session._storage_update_marker = _marker(nonce, len(creation.written), fence)
        return event

    async def _append_to_turn(self, turn: Turn, session: Session, event: Event) -> Event:
        if turn.stored is None:
            raise SessionNotFoundError(f"Session {turn.name.session} not found.")
        ids = turn.stored.ids
        # Not the session object's events, which may be only a part of the history.
        whole = chain(turn.stored.events, turn.events())
        if event.id in ids and _holds(whole, event):
            return event  # a repetition: the event is stored already
        ids.add(event.id)
        event = await super().append_event(session=session, event=event)
        session.last_update_time = event.timestamp
        turn.waiting.append(event)
        if event.author != "user" and event.is_final_response():
            # Encode them together, which is five times faster with warm caches, and encode them
            # now, so that an event that cannot be stored fails the run, not its acknowledgement.
            turn.encode()
        change = _by_scope(event.actions.state_delta if event.actions else {})
        turn.session_delta.update(change.session)
        turn.user_delta.update(change.user)
        turn.app_delta.update(change.app)
        return event


def _by_scope(state: Mapping[str, Any]) -> StateChange:
    if not state:
        return UNCHANGED
    scopes: dict[str, dict[str, Any]] = {"session": {}, "user": {}, "app": {}}
    for key, value in state.items():
        if key.startswith(State.APP_PREFIX):
            scopes["app"][key.removeprefix(State.APP_PREFIX)] = value
        elif key.startswith(State.USER_PREFIX):
            scopes["user"][key.removeprefix(State.USER_PREFIX)] = value
        elif not key.startswith(State.TEMP_PREFIX):
            scopes["session"][key] = value
    return StateChange(**scopes)


def _session(name: SessionId, stored: Stored, events: list[Event]) -> Session:
    state = dict(stored.state)
    state.update((State.APP_PREFIX + key, value) for key, value in stored.app_state.items())
    state.update((State.USER_PREFIX + key, value) for key, value in stored.user_state.items())
    session = Session(
        id=name.session,
        app_name=name.app,
        user_id=name.user,
        state=state,
        last_update_time=stored.updated,
    )
    session.events = list(events)
    session._storage_update_marker = _marker(stored.nonce, stored.revision, stored.fence)
    return session


def _turn_session(turn: Turn, config: GetSessionConfig | None) -> Session | None:
    if turn.stored is None:
        return None
    events = [*turn.stored.events, *turn.events()]
    session = _session(turn.name, turn.stored, _selected(events, config))
    session.state.update(turn.session_delta)
    session.state.update((State.APP_PREFIX + key, value) for key, value in turn.app_delta.items())
    session.state.update((State.USER_PREFIX + key, value) for key, value in turn.user_delta.items())
    return session


def _selected(events: list[Event], config: GetSessionConfig | None) -> list[Event]:
    if config is None:
        return events
    if config.num_recent_events is not None:
        events = events[-config.num_recent_events :] if config.num_recent_events else []
    if config.after_timestamp is not None:
        # Search backwards to the first event that is too old: events need not be sorted by time.
        kept = len(events)
        while kept and events[kept - 1].timestamp >= config.after_timestamp:
            kept -= 1
        events = events[kept:]
    return events


def _holds(events: Iterable[Event], event: Event) -> bool:
    return any(each == event for each in events if each.id == event.id)


def _marker(nonce: bytes, revision: int, fence: bytes) -> str:
    return f"{nonce.decode()}:{revision}:{fence.decode()}"


def _marked(session: Session) -> Mark:
    """The nonce, revision and fence at which a session object was read."""
    try:
        nonce, revision, fence = (session._storage_update_marker or "").split(":")
    except ValueError:
        raise SessionNotFoundError(
            f"Session {session.id} was not read from this service."
        ) from None
    return Mark(nonce.encode(), int(revision), fence.encode())


def _taken(name: SessionId) -> AlreadyExistsError:
    return AlreadyExistsError(f"Session with id {name.session} already exists.")


def _refuse(name: SessionId, revision: int) -> None:
    if revision == GONE:
        raise SessionNotFoundError(f"Session {name.session} not found.")
    if revision == STALE:
        raise StaleSessionError(f"Session {name.session} was changed by another writer.")
