"""Two replicas with caches on one server, against ADK's in-memory service: no difference.

Random appends through fresh and stale handles, turns begun, committed, committed again and
abandoned, leases that run out, sessions that are deleted, evicted and created again, and a server
that loses its last writes.  Now and then each replica must show the same sessions as the model.
"""

from __future__ import annotations

import asyncio
import copy
import itertools
import uuid
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from google.adk.errors import StaleSessionError
from google.adk.errors.already_exists_error import AlreadyExistsError
from google.adk.errors.session_not_found_error import SessionNotFoundError
from google.adk.events.event import Event
from google.adk.platform import time as platform_time
from google.adk.sessions.in_memory_session_service import InMemorySessionService
from google.adk.sessions.session import Session
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from target_service import RedisSessionService
from target_service.sessions.keys import SessionId, keys
from target_service.sessions.stored import Busy
from target_service.sessions.turn import Turn, current
from tests.target_service.generated import FIXED, SMALL_EVENTS, SMALL_STATES, image
from tests.target_service.processes import RedisServer

pytestmark = pytest.mark.usefixtures("patient_client")

PREFIXES = itertools.count()
LEASE_MS = 60_000  # longer than any example: leases run out when a rule says so
NAMES = [SessionId("app", *rest) for rest in (("u", "s"), ("u", "t"), ("v", "s"))]
NAME = st.sampled_from([NAMES[0]] * 4 + NAMES)  # operations that miss each other prove nothing
REPLICA = st.integers(0, 1)
STEPS = [
    *("create", "hold", "abandon", "delete", "evict", "lose writes", "lose writes"),
    *["append", "append late"] * 2,
    *["begin", "commit"] * 4,
]


@dataclass
class Life:
    """One creation of a session, with facts that the model does not hold."""

    number: int
    begun: str | None = None
    """The owner of the turn begun last."""


@dataclass
class Handle:
    """A session that a caller has read and holds on to."""

    name: SessionId
    session: Session
    life: int
    revision: int


@dataclass
class Running:
    """A turn, and the life and revision of the session that it began on."""

    replica: int
    turn: Turn
    life: int
    revision: int
    events: list[Event] = field(default_factory=list)
    committed: bool = False


@dataclass
class World:
    """The state that a server returns to when it loses its last writes."""

    model: InMemorySessionService
    lives: dict[SessionId, Life]
    leases: dict[SessionId, str]


class Replicas(RuleBasedStateMachine):
    """The rules; each derives the right answers of the replicas from the model alone."""

    server: ClassVar[RedisServer]

    def __init__(self) -> None:
        super().__init__()
        self.prefix = f"s{next(PREFIXES)}"
        self.loop = asyncio.Runner()
        # The second replica's cache is too small for long histories.
        self.replicas = [
            RedisSessionService(
                self.server.uri, ttl_seconds=600, key_prefix=self.prefix, cache_bytes=size
            )
            for size in (1 << 20, 20_000)
        ]
        self.world = World(InMemorySessionService(), {}, {})
        self.saved: tuple[World, dict[bytes, bytes]] | None = None
        self.handles: list[Handle] = []
        self.turns: list[Running] = []
        self.numbers = itertools.count(1)
        self.look = True
        """Not after every step: a cache that is refreshed all the time is never put to the test."""
        self.now = 1000.0
        platform_time.set_time_provider(lambda: self.now)

    def teardown(self) -> None:
        """Close everything and leave nothing on the server."""
        for replica in self.replicas:
            self.loop.run(replica.close())
        self.loop.close()
        platform_time.reset_time_provider()
        for key in self._keys():
            self.server.client.delete(key)

    # The current state

    def life(self, name: SessionId) -> int:
        """The number of the session's present life; 0 when there is none."""
        return self.world.lives[name].number if name in self.world.lives else 0

    def shown(self, name: SessionId) -> Session | None:
        return self.loop.run(self.world.model.get_session(**_key(name)))

    def revision(self, name: SessionId) -> int:
        session = self.shown(name)
        return 0 if session is None else len(session.events)

    def tell(self, name: SessionId, *events: Event) -> None:
        """Append to the model."""
        for event in events:
            session = self.shown(name)
            assert session is not None
            self.loop.run(self.world.model.append_event(session, event.model_copy(deep=True)))

    def end(self, name: SessionId) -> None:
        del self.world.lives[name]
        self.loop.run(self.world.model.delete_session(**_key(name)))

    # One rule, because with many Hypothesis leaves most of them out of most of its examples

    @rule(
        what=st.sampled_from(STEPS),
        name=NAME,
        replica=REPLICA,
        state=SMALL_STATES,
        events=st.lists(SMALL_EVENTS, min_size=1, max_size=2),
        flag=st.booleans(),
        back=st.integers(0, 3),
    )
    def step(
        self,
        what: str,
        name: SessionId,
        replica: int,
        state: dict[str, Any],
        events: list[Event],
        flag: bool,
        back: int,
    ) -> None:
        """One thing happens; `back` picks an old handle or turn, 0 being the newest."""
        self.look = back == 0
        if not self.life(name) and (flag or what in ("hold", "append")):
            self.create(name, replica, state)
        if what == "create":
            self.create(name, replica, state)
        elif what == "hold":
            self.hold(name, replica)
        elif what == "append":
            self.append(self.hold(name, 1 - replica), replica, events[0], flag)
        elif what == "append late" and back < len(self.handles):
            self.append(self.handles[-1 - back], replica, events[0], flag)
        elif what == "begin":
            self.begin(name, replica, events, patient=flag)
        elif what == "commit" and back < len(self.turns):
            self.commit(self.turns[-1 - back])
        elif what == "abandon" and back < len(self.turns):
            self.abandon(self.turns[-1 - back])
        elif what == "delete":
            self.delete(name)
        elif what == "evict":
            key = keys(self.prefix, name)
            self.evict(name, key.meta if flag else key.events)
        elif what == "lose writes":
            self.save_or_lose_the_last_writes()

    # Sessions

    def create(self, name: SessionId, replica: int, state: dict[str, Any]) -> None:
        self.now += 1
        create = self.replicas[replica].create_session(**_key(name), state=dict(state))
        if self.life(name):
            with pytest.raises(AlreadyExistsError):
                self.loop.run(create)
            return
        made = self.loop.run(create)
        model = self.loop.run(self.world.model.create_session(**_key(name), state=dict(state)))
        assert image(made) == image(model)
        self.world.lives[name] = Life(next(self.numbers))

    def delete(self, name: SessionId) -> None:
        self.loop.run(self.replicas[0].delete_session(**_key(name)))
        self.world.leases.pop(name, None)
        if self.life(name):
            self.end(name)

    def evict(self, name: SessionId, key: str) -> None:
        """Half of a session is lost: it must be gone as a whole."""
        if self.server.client.delete(key):
            self.end(name)

    def end_lease(self, name: SessionId) -> None:
        self.server.client.delete(keys(self.prefix, name).lease)
        self.world.leases.pop(name, None)

    # Handles

    def hold(self, name: SessionId, replica: int) -> Handle:
        session = self.loop.run(self.replicas[replica].get_session(**_key(name)))
        assert session is not None
        handle = Handle(name, session, self.life(name), len(session.events))
        self.handles.append(handle)
        return handle

    def append(self, handle: Handle, replica: int, event: Event, again: bool) -> None:
        """Through a handle that may be stale, by a replica that may not be the one it is from."""
        name, service = handle.name, self.replicas[replica]
        sent = event.model_copy(deep=True)
        append = service.append_event(handle.session, sent)
        if event.partial:
            assert self.loop.run(append) is sent
        elif self.life(name) != handle.life:
            with pytest.raises(SessionNotFoundError):
                self.loop.run(append)
        elif self.revision(name) != handle.revision:
            with pytest.raises(StaleSessionError):
                self.loop.run(append)
        else:
            self.loop.run(append)
            self.tell(name, event)
            handle.revision += 1
            if again:
                self.loop.run(service.append_event(handle.session, sent.model_copy(deep=True)))

    # Turns

    def begin(self, name: SessionId, replica: int, events: list[Event], patient: bool) -> None:
        """A patient caller waits until the lease of the current holder runs out."""
        if patient:
            self.end_lease(name)
        owner = uuid.uuid4().hex
        begun = self.loop.run(self.replicas[replica].begin_turn(name, LEASE_MS, owner=owner))
        if self.life(name) and name in self.world.leases:
            assert isinstance(begun, Busy)
            return
        assert isinstance(begun, Turn)
        assert (begun.stored is None) == (not self.life(name))
        if begun.stored is not None:
            self.world.leases[name] = owner
            self.world.lives[name].begun = owner
        running = Running(replica, begun, self.life(name), self.revision(name))
        if begun.stored is not None:
            for event in events:
                self.loop.run(self._append_in_turn(running, event))
        self.turns.append(running)

    async def _append_in_turn(self, running: Running, event: Event) -> None:
        service = self.replicas[running.replica]
        token = current.set(running.turn)
        try:
            session = await service.get_session(**_key(running.turn.name))
            assert session is not None
            assert len(session.events) == running.revision + len(running.events)
            await service.append_event(session, event.model_copy(deep=True))
        finally:
            current.reset(token)
        if not event.partial:
            running.events.append(event)

    def abandon(self, running: Running) -> None:
        self.loop.run(self.replicas[running.replica].abandon_turn(running.turn))
        self._release(running.turn.name, running.turn.owner)

    def commit(self, running: Running) -> None:
        name, owner = running.turn.name, running.turn.owner
        commit = self.replicas[running.replica].commit_turn(running.turn)
        if running.turn.stored is None or not running.events:
            self.loop.run(commit)
            self._release(name, owner)
        elif self.life(name) != running.life:
            with pytest.raises(SessionNotFoundError):
                self.loop.run(commit)
        elif running.committed:
            self.loop.run(commit)  # as a retry does, even after other writes
        elif self.revision(name) != running.revision or self.world.lives[name].begun != owner:
            with pytest.raises(StaleSessionError):
                self.loop.run(commit)
        else:
            self.loop.run(commit)
            self.tell(name, *running.events)
            self.world.leases.pop(name, None)
            running.committed = True

    def _release(self, name: SessionId, owner: str) -> None:
        if self.world.leases.get(name) == owner:
            del self.world.leases[name]

    # The server

    def save_or_lose_the_last_writes(self) -> None:
        """Alternately save the state of the disk, and bring the server back with the saved state.

        Then drop older handles and turns, because their holders have seen the lost writes.
        """
        if self.saved is None:
            dumped = {key: self.server.client.dump(key) for key in self._keys()}
            self.saved = (copy.deepcopy(self.world), dumped)
            return
        self.world, dumped = self.saved
        self.saved = None
        self.handles.clear()
        self.turns.clear()
        for key in self._keys():
            self.server.client.delete(key)
        for key, value in dumped.items():
            self.server.client.restore(key, 600_000, value)

    def _keys(self) -> list[bytes]:
        return list(self.server.client.scan_iter(f"{self.prefix}:*", count=1000))

    # Always

    @invariant()
    def every_replica_shows_what_the_model_shows(self) -> None:
        if self.look:
            self.loop.run(self._compare())

    async def _compare(self) -> None:
        for name in NAMES:
            expected = image(await self.world.model.get_session(**_key(name)))
            for replica in self.replicas:
                assert image(await replica.get_session(**_key(name))) == expected
        for user in ("u", "v"):
            who = {"app_name": "app", "user_id": user}
            expected_list = (await self.world.model.list_sessions(**who)).sessions
            for replica in self.replicas:
                listed = (await replica.list_sessions(**who)).sessions
                assert [image(each) for each in listed] == [image(each) for each in expected_list]


def _key(name: SessionId) -> dict[str, Any]:
    return {"app_name": name.app, "user_id": name.user, "session_id": name.session}


@pytest.mark.slow
def test_two_replicas_with_caches_never_differ_from_the_model(bundled: RedisServer) -> None:
    Replicas.server = bundled
    run_state_machine_as_test(Replicas, settings=settings(FIXED, stateful_step_count=40))
