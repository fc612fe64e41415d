"""Our session service does the same as all of ADK's: one suite, four services."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from google.adk.errors.already_exists_error import AlreadyExistsError
from google.adk.errors.session_not_found_error import SessionNotFoundError
from google.adk.events.event import Event
from google.adk.events.event_actions import EventActions
from google.adk.sessions.base_session_service import BaseSessionService
from google.genai import types

from target_service import RedisSessionService
from tests.target_service.processes import RedisServer
from tests.target_service.session_services import KEY, WHO, changing, got, opened, said, texts

pytestmark = pytest.mark.service

Scenario = Callable[[BaseSessionService], Awaitable[None]]
Play = Callable[[Scenario], None]


@pytest.fixture(
    params=[
        *("in-memory", "sqlite", "adk-redis", "ours"),
        pytest.param("ours on the system's", marks=pytest.mark.system),
    ]
)
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Play:
    """Plays a scenario on an empty service of each kind."""
    server: RedisServer = request.getfixturevalue(
        "system" if "system" in request.param else "bundled"
    )
    server.client.flushall()

    def played(scenario: Scenario) -> None:
        async def whole() -> None:
            async with opened(request.param, server.uri, tmp_path) as service:
                await scenario(service)

        asyncio.run(whole())

    return played


def test_a_created_session_can_be_read_back(play: Play) -> None:
    async def scenario(service: BaseSessionService) -> None:
        made = await service.create_session(**KEY, state={"a": {"deep": [1, None, "ü"]}})
        read = await got(service)
        assert (made.id, made.app_name, made.user_id) == ("s", "app", "u")
        assert made.state == read.state == {"a": {"deep": [1, None, "ü"]}}
        assert read.events == made.events == []
        assert read.last_update_time == made.last_update_time

    play(scenario)


def test_a_session_without_an_id_gets_one_of_its_own(play: Play) -> None:
    async def scenario(service: BaseSessionService) -> None:
        first = await service.create_session(**WHO)
        second = await service.create_session(**WHO)
        assert first.id
        assert first.id != second.id

    play(scenario)


def test_an_id_that_is_taken_is_refused_and_the_session_keeps_its_state(play: Play) -> None:
    async def scenario(service: BaseSessionService) -> None:
        await service.create_session(**KEY, state={"a": 1})
        with pytest.raises(AlreadyExistsError):
            await service.create_session(**KEY, state={"a": 2})
        assert (await got(service)).state == {"a": 1}

    play(scenario)


def test_an_unknown_session_is_none_and_deleting_it_does_nothing(play: Play) -> None:
    async def scenario(service: BaseSessionService) -> None:
        assert await service.get_session(**KEY) is None
        await service.delete_session(**KEY)
        assert (await service.list_sessions(**WHO)).sessions == []

    play(scenario)


def test_appending_to_a_deleted_session_raises_and_does_not_bring_it_back(play: Play) -> None:
    async def scenario(service: BaseSessionService) -> None:
        session = await service.create_session(**KEY)
        await service.delete_session(**KEY)
        with pytest.raises(SessionNotFoundError):
            await service.append_event(session, said("hello"))
        assert await service.get_session(**KEY) is None

    play(scenario)


def test_a_recreated_session_starts_empty(play: Play) -> None:
    async def scenario(service: BaseSessionService) -> None:
        session = await service.create_session(**KEY, state={"a": 1})
        await service.append_event(session, said("old"))
        await got(service)
        await service.delete_session(**KEY)
        await service.create_session(**KEY)
        read = await got(service)
        assert (read.events, read.state) == ([], {})

    play(scenario)


def test_events_come_back_in_order_and_move_the_update_time(play: Play) -> None:
    async def scenario(service: BaseSessionService) -> None:
        session = await service.create_session(**KEY)
        for number in range(5):
            await service.append_event(session, said(str(number), timestamp=100.25 + number))
        read = await got(service)
        assert texts(session) == texts(read) == ["0", "1", "2", "3", "4"]
        assert session.last_update_time == read.last_update_time == 104.25

    play(scenario)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, "abcd"),
        ({"num_recent_events": 0}, ""),
        ({"num_recent_events": 2}, "cd"),
        ({"num_recent_events": 9}, "abcd"),
        ({"after_timestamp": 2.0}, "bcd"),  # the moment itself is included
        ({"after_timestamp": 0.5}, "abcd"),
        ({"after_timestamp": 9.0}, ""),
        ({"num_recent_events": 2, "after_timestamp": 4.0}, "d"),
    ],
)
def test_a_read_can_be_limited(play: Play, config: dict[str, float], expected: str) -> None:
    async def scenario(service: BaseSessionService) -> None:
        session = await service.create_session(**KEY, state={"kept": True})
        for time, text in enumerate("abcd", start=1):
            await service.append_event(session, said(text, timestamp=float(time)))
        read = await got(service, **config)
        assert "".join(texts(read)) == expected
        assert read.state == {"kept": True}
        assert "".join(texts(await got(service))) == "abcd"  # the limit was on the answer only

    play(scenario)


def test_after_a_limited_read_an_append_keeps_the_whole_history(play: Play) -> None:
    async def scenario(service: BaseSessionService) -> None:
        session = await service.create_session(**KEY)
        for text in "abc":
            await service.append_event(session, said(text))
        await service.append_event(await got(service, num_recent_events=1), said("d"))
        assert "".join(texts(await got(service))) == "abcd"

    play(scenario)


def test_state_reaches_as_far_as_its_prefix_says(play: Play) -> None:
    async def scenario(service: BaseSessionService) -> None:
        session = await service.create_session(**KEY, state={"app:x": 1, "user:x": 2, "x": 3})
        await service.append_event(session, changing(**{"app:y": 4, "user:y": 5, "y": 6}))
        everything = {"app:x": 1, "user:x": 2, "x": 3, "app:y": 4, "user:y": 5, "y": 6}
        assert session.state == (await got(service)).state == everything
        of_user = await service.create_session(**WHO, session_id="other")
        assert of_user.state == {"app:x": 1, "user:x": 2, "app:y": 4, "user:y": 5}
        of_app = await service.create_session(app_name="app", user_id="v")
        assert of_app.state == {"app:x": 1, "app:y": 4}
        elsewhere = await service.create_session(app_name="app2", user_id="u")
        assert elsewhere.state == {}
        assert await service.get_user_state(**WHO) == {"x": 2, "y": 5}
        assert await service.get_user_state(app_name="app", user_id="v") == {}

    play(scenario)


def test_temporary_state_is_seen_by_the_caller_and_never_stored(play: Play) -> None:
    async def scenario(service: BaseSessionService) -> None:
        session = await service.create_session(**KEY, state={"kept": 1})
        appended = await service.append_event(session, changing(**{"temp:t": 1, "kept": 2}))
        assert session.state == {"kept": 2, "temp:t": 1}
        assert appended.actions.state_delta == {"kept": 2}
        read = await got(service)
        assert read.state == {"kept": 2}
        assert read.events[0].actions.state_delta == {"kept": 2}

    play(scenario)


def test_a_state_value_of_none_is_a_value(play: Play) -> None:
    async def scenario(service: BaseSessionService) -> None:
        session = await service.create_session(**KEY, state={"a": 1, "user:b": 1})
        await service.append_event(session, changing(**{"a": None, "user:b": None}))
        assert (await got(service)).state == {"a": None, "user:b": None}

    play(scenario)


def test_a_partial_event_leaves_no_trace(play: Play) -> None:
    async def scenario(service: BaseSessionService) -> None:
        session = await service.create_session(**KEY)
        partial = said("par", partial=True)
        assert await service.append_event(session, partial) is partial
        assert session.events == (await got(service)).events == []

    play(scenario)


HOSTILE = [
    "a",
    "a b",
    "a/b",
    "a%2Fb",
    "{a}",
    "}{",
    "*",
    "a:b",
    "आदेश",
    "a\x00b",
    '"id":"x"',
    "..",
    "A",
]


def test_an_id_cannot_reach_the_session_of_another(play: Play) -> None:
    async def scenario(service: BaseSessionService) -> None:
        names = [(u, s) for u in HOSTILE for s in ("x", *HOSTILE)] + [("a/a", "x"), ("a", "a/x")]
        for user, id_ in names:
            session = await service.create_session(
                app_name="app", user_id=user, session_id=id_, state={"user:u": len(user)}
            )
            await service.append_event(session, said(f"{user}|{id_}"))
        for user, id_ in names:
            read = await service.get_session(app_name="app", user_id=user, session_id=id_)
            assert read is not None
            assert (texts(read), read.state) == ([f"{user}|{id_}"], {"user:u": len(user)})
        for user in HOSTILE:
            listed = (await service.list_sessions(app_name="app", user_id=user)).sessions
            assert {each.id for each in listed} == {s for u, s in names if u == user}

    play(scenario)


def test_an_event_comes_back_whole(play: Play) -> None:
    parts = [
        types.Part(text='Namaste 🪔 \u2028 \x7f \\ "quoted"'),
        types.Part(inline_data=types.Blob(data=bytes(range(256)), mime_type="image/png")),
        types.Part(
            function_call=types.FunctionCall(id="c1", name="f", args={"n": 1.5, "z": None, "l": []})
        ),
        types.Part(
            function_response=types.FunctionResponse(id="c1", name="f", response={"ok": False})
        ),
        types.Part(text="thinking", thought=True, thought_signature=b"\xff\x00\xfe"),
    ]
    event = Event(
        author="agent",
        invocation_id="inv",
        branch="root.agent",
        content=types.Content(role="model", parts=parts),
        custom_metadata={"turn_id": "t", "diya_seen": [1, "ab"], "none": None, "no": False},
        turn_complete=True,
        long_running_tool_ids={"c1"},
        usage_metadata=types.GenerateContentResponseUsageMetadata(prompt_token_count=0),
        actions=EventActions(
            state_delta={"a": None, "b": {"c": []}}, artifact_delta={"f.txt": 0}, escalate=False
        ),
    )

    async def scenario(service: BaseSessionService) -> None:
        session = await service.create_session(**KEY)
        await service.append_event(session, event)
        assert (await got(service)).events == [event]
        # A second reader has nothing cached, so this is the stored session.
        if isinstance(service, RedisSessionService):
            service.store.cache.drop(next(iter(await service.store.names("app", "u"))))
        assert (await got(service)).events == [event]

    play(scenario)


def test_sessions_are_listed_oldest_update_first(play: Play) -> None:
    async def scenario(service: BaseSessionService) -> None:
        made = {}
        for id_ in ("c", "a", "b"):
            made[id_] = await service.create_session(**WHO, session_id=id_, state={"of": id_})
        await service.create_session(app_name="app", user_id="v", session_id="d")
        await service.create_session(app_name="elsewhere", user_id="u", session_id="e")
        future = made["a"].last_update_time + 100
        await service.append_event(made["c"], said("late", timestamp=future + 1))
        await service.append_event(made["a"], said("later", timestamp=future + 2))
        mine = (await service.list_sessions(**WHO)).sessions
        assert [each.id for each in mine] == ["b", "c", "a"]
        assert [each.state for each in mine] == [{"of": "b"}, {"of": "c"}, {"of": "a"}]
        everyone = (await service.list_sessions(app_name="app")).sessions
        assert [each.id for each in everyone] == ["b", "d", "c", "a"]
        await service.delete_session(**WHO, session_id="c")
        assert [each.id for each in (await service.list_sessions(**WHO)).sessions] == ["b", "a"]

    play(scenario)


def test_changing_a_read_session_does_not_change_the_stored_one(play: Play) -> None:
    async def scenario(service: BaseSessionService) -> None:
        session = await service.create_session(**KEY, state={"list": [1]})
        await service.append_event(session, said("a"))
        read = await got(service)
        read.state["list"].append(2)
        read.state["new"] = True
        read.events.clear()
        session.events.clear()
        after = await got(service)
        assert after.state == {"list": [1]}
        assert texts(after) == ["a"]

    play(scenario)
