"""Random operations, one at a time, against ADK's in-memory service: no difference.

`DIYA_PROPERTY_EXAMPLES` is a third of the number of sequences.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from google.adk.events.event import Event
from google.adk.platform import time as platform_time
from google.adk.sessions.base_session_service import BaseSessionService, GetSessionConfig
from google.adk.sessions.in_memory_session_service import InMemorySessionService
from google.adk.sessions.session import Session
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import to_jsonable_python

from target_service import RedisSessionService
from tests.target_service.generated import (
    CONFIGS,
    EVENTS,
    EXAMPLES,
    FIXED,
    STATES,
    canonical,
    image,
)
from tests.target_service.processes import RedisServer

pytestmark = pytest.mark.usefixtures("patient_client")

Operation = Callable[[BaseSessionService], Awaitable[str | None]]
PREFIXES = itertools.count()


@dataclass(frozen=True)
class Create:
    who: dict[str, str]
    session_id: str
    state: dict[str, Any]

    async def __call__(self, service: BaseSessionService) -> str | None:
        return image(
            await service.create_session(
                **self.who, session_id=self.session_id, state=dict(self.state)
            )
        )


@dataclass(frozen=True)
class Append:
    who: dict[str, str]
    session_id: str
    config: GetSessionConfig | None
    event: Event
    times: int

    async def __call__(self, service: BaseSessionService) -> str | None:
        """Through a fresh handle: a stale one is refused by ours alone (see test_stateful)."""
        session = await self._read(service)
        if session is None:
            return None
        for _ in range(self.times):
            # A copy for each service: appending takes the temporary state out of the event.
            answer = await service.append_event(session, self.event.model_copy(deep=True))
            if self.times > 1:
                session = await self._read(service)
                assert session is not None
        return f"{canonical(answer.model_dump(mode='json'))} {image(session)}"

    async def _read(self, service: BaseSessionService) -> Session | None:
        return await service.get_session(**self.who, session_id=self.session_id, config=self.config)


@dataclass(frozen=True)
class Get:
    who: dict[str, str]
    session_id: str
    config: GetSessionConfig | None

    async def __call__(self, service: BaseSessionService) -> str | None:
        return image(
            await service.get_session(**self.who, session_id=self.session_id, config=self.config)
        )


@dataclass(frozen=True)
class Delete:
    who: dict[str, str]
    session_id: str

    async def __call__(self, service: BaseSessionService) -> None:
        await service.delete_session(**self.who, session_id=self.session_id)


@dataclass(frozen=True)
class List:
    app_name: str
    user_id: str | None

    async def __call__(self, service: BaseSessionService) -> str:
        listed = await service.list_sessions(app_name=self.app_name, user_id=self.user_id)
        return canonical([image(session) for session in listed.sessions])


@dataclass(frozen=True)
class UserState:
    who: dict[str, str]

    async def __call__(self, service: BaseSessionService) -> str:
        return canonical(to_jsonable_python(await service.get_user_state(**self.who)))


# Mostly the same few names: operations that miss each other prove nothing.
APPS = st.sampled_from(["app", "app", "app", "app", "app/u"])
USERS = st.sampled_from(["u", "u", "u", "u:s", "{u}"])
WHO = st.fixed_dictionaries({"app_name": APPS, "user_id": USERS})
IDS = st.sampled_from(["s", "s", "s", "s", "u/s", "  s\n", "\0"])
OPERATIONS = st.one_of(
    st.builds(Create, WHO, IDS, STATES),
    st.builds(Append, WHO, IDS, CONFIGS, EVENTS, st.sampled_from([1, 1, 1, 2])),
    st.builds(Append, WHO, IDS, CONFIGS, EVENTS, st.just(1)),
    st.builds(Get, WHO, IDS, CONFIGS),
    st.builds(Delete, WHO, IDS),
    st.builds(List, APPS, st.none() | USERS),
    st.builds(UserState, WHO),
)
EVERYTHING: list[Operation] = [
    *(List(app, user) for app in ("app", "app/u") for user in (None, "u", "u:s", "{u}")),
    *(
        Get({"app_name": app, "user_id": user}, id_, None)
        for app in ("app", "app/u")
        for user in ("u", "u:s", "{u}")
        for id_ in ("s", "u/s", "\0")
    ),
]


async def outcome(operation: Operation, service: BaseSessionService, now: float) -> str | None:
    """The answer to the operation, or the name of its error, at a time that both services see."""
    platform_time.set_time_provider(lambda: now)
    try:
        return await operation(service)
    except Exception as error:  # which one it is, must be the same
        return type(error).__name__


def test_random_operations_tell_no_difference_from_the_in_memory_service(
    bundled: RedisServer,
) -> None:
    @settings(FIXED, max_examples=3 * EXAMPLES)
    @given(st.lists(OPERATIONS, min_size=1, max_size=25))
    def play(operations: list[Operation]) -> None:
        async def whole() -> None:
            model = InMemorySessionService()
            options: dict[str, Any] = {"ttl_seconds": 60, "key_prefix": f"p{next(PREFIXES)}"}
            ours = RedisSessionService(bundled.uri, **options)
            cold = RedisSessionService(bundled.uri, **options)
            try:
                for now, operation in enumerate(operations, start=1000):
                    expected = await outcome(operation, model, now)
                    assert await outcome(operation, ours, now) == expected, operation
                for operation in EVERYTHING:
                    expected = await outcome(operation, model, 0.0)
                    assert await outcome(operation, ours, 0.0) == expected, operation
                    assert await outcome(operation, cold, 0.0) == expected, operation
            finally:
                await ours.close()
                await cold.close()

        asyncio.run(whole())

    play()
