"""The differences among ADK's session services, and the behaviour of ours.

Each row is a probe and the answer that each service gives; a test plays every probe on every
service.  The table in `docs/session-service.md` is made from the same rows:
`python -m tests.target_service.session_differences` writes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from google.adk.events.event import Event
from google.adk.events.event_actions import EventActions
from google.adk.sessions.base_session_service import BaseSessionService
from google.adk.sessions.session import Session

from tests.target_service.session_services import KEY, WHO, changing, got, said, texts

PAGE = Path(__file__).parents[2] / "docs" / "session-service.md"
BEGIN, END = "<!-- differences: begin -->\n", "<!-- differences: end -->\n"
Probe = Callable[[BaseSessionService], Awaitable[str]]


@dataclass(frozen=True)
class Difference:
    """One question that the services answer differently."""

    question: str
    probe: Probe
    answers: tuple[str, str, str, str]
    """In the order of `session_services.KINDS`."""
    why: str
    """Why ours answers as it does."""


async def attempt(call: Awaitable[object], done: str) -> str:
    """`done`, or the name of the error."""
    try:
        await call
    except Exception as error:  # which one it is, is the answer
        return type(error).__name__
    return done


async def new(service: BaseSessionService) -> Session:
    return await service.create_session(**KEY)


async def padded_id(service: BaseSessionService) -> str:
    made = await service.create_session(**WHO, session_id="  s \n")
    return "trimmed" if made.id == "s" else "kept as it is"


async def temporary_birth_state(service: BaseSessionService) -> str:
    made = await service.create_session(**KEY, state={"temp:a": 1})
    return "shown to the creator" if made.state else "dropped"


async def partial_event_with_state(service: BaseSessionService) -> str:
    session = await new(service)
    actions = EventActions(state_delta={"app:a": 1})
    await service.append_event(session, Event(author="agent", partial=True, actions=actions))
    return "app state is changed" if (await got(service)).state else "leaves no trace"


async def delivered_twice(service: BaseSessionService) -> str:
    session, event = await new(service), said("once")
    await service.append_event(session, event)
    again = service.append_event(await got(service), event.model_copy(deep=True))
    answer = await attempt(again, "")
    return answer or {1: "stored once", 2: "stored twice"}[len((await got(service)).events)]


async def shared_id(service: BaseSessionService) -> str:
    session = await new(service)
    await service.append_event(session, said("one", id="same"))
    return await attempt(service.append_event(session, said("two", id="same")), "both are kept")


async def overtaken(service: BaseSessionService, timestamp: float) -> str:
    await new(service)
    slow = await got(service)
    await service.append_event(await got(service), said("other", timestamp=timestamp))
    return await attempt(service.append_event(slow, said("mine")), "accepted")


async def overtaken_by_a_later_event(service: BaseSessionService) -> str:
    return await overtaken(service, 1e10)


async def overtaken_by_an_earlier_event(service: BaseSessionService) -> str:
    return await overtaken(service, 1.0)


async def handle_to_an_earlier_life(service: BaseSessionService) -> str:
    old = await new(service)
    await service.delete_session(**KEY)
    await new(service)
    return await attempt(service.append_event(old, said("late")), "written into the new one")


async def order_of_events(service: BaseSessionService) -> str:
    session = await new(service)
    for at in (11.0, 19.0, 12.0, 18.0):
        session.last_update_time = 1e11  # or SQLite would refuse them as stale
        await service.append_event(session, said(f"{at:g}", timestamp=at))
    return ", ".join(texts(await got(service)))


async def after_a_timestamp(service: BaseSessionService) -> str:
    await order_of_events(service)
    return ", ".join(texts(await got(service, after_timestamp=15.0)))


async def events_in_a_list(service: BaseSessionService) -> str:
    await service.append_event(await new(service), said("a"))
    listed = (await service.list_sessions(**WHO)).sessions[0]
    return "with all events" if listed.events else "without events"


async def colon_in_ids(service: BaseSessionService) -> str:
    await service.create_session(app_name="app", user_id="u:v", session_id="s")
    found = await service.get_session(app_name="app", user_id="u", session_id="v:s")
    return "not found" if found is None else f"the session of {found.user_id}"


async def concurrent_user_state(service: BaseSessionService) -> str:
    sessions = [await service.create_session(**WHO) for _ in range(20)]
    await asyncio.gather(
        *(
            service.append_event(session, changing(**{f"user:{number}": 1}))
            for number, session in enumerate(sessions)
        )
    )
    kept = len(await service.get_user_state(**WHO))
    return "all are kept" if kept == len(sessions) else "updates are lost"


async def nul_in_a_value(service: BaseSessionService) -> str:
    session = await service.create_session(**KEY, state={"user:a": "b\0c"})
    await service.append_event(session, changing(**{"user:other": 1}))
    return {"b\0c": "kept", "b": "cut off there"}[(await got(service)).state["user:a"]]


async def value_that_is_no_json(service: BaseSessionService) -> str:
    append = service.append_event(await new(service), changing(a=object()))
    answer = await attempt(append, "")
    return (
        answer
        or {"object": "kept", "str": "stored as its text"}[
            type((await got(service)).state["a"]).__name__
        ]
    )


async def infinite_value(service: BaseSessionService) -> str:
    append = service.append_event(await new(service), changing(a=float("inf")))
    answer = await attempt(append, "")
    return answer or {"inf": "kept", "None": "null"}[str((await got(service)).state["a"])]


async def event_changed_after_a_read(service: BaseSessionService) -> str:
    await service.append_event(await new(service), said("before"))
    (await got(service)).events[0].author = "changed"
    changed = (await got(service)).events[0].author == "changed"
    return "the next reader here sees it" if changed else "nobody sees it"


DIFFERENCES = [
    Difference(
        "An id with white space around it",
        padded_id,
        ("trimmed", "trimmed", "kept as it is", "trimmed"),
        "ids come from headers and forms",
    ),
    Difference(
        "`temp:` state given at creation",
        temporary_birth_state,
        ("dropped", "dropped", "shown to the creator", "dropped"),
        "no invocation runs yet that it could belong to",
    ),
    Difference(
        "A partial event that changes state",
        partial_event_with_state,
        ("leaves no trace", "leaves no trace", "app state is changed", "leaves no trace"),
        "the complete event brings the change",
    ),
    Difference(
        "An equal event is delivered again",
        delivered_twice,
        ("stored once", "IntegrityError", "stored twice", "stored once"),
        "a caller that retries must do no harm",
    ),
    Difference(
        "Two different events share an id",
        shared_id,
        ("both are kept", "IntegrityError", "both are kept", "both are kept"),
        "nothing that was said is thrown away",
    ),
    Difference(
        "Append through a session that another writer has overtaken",
        overtaken_by_a_later_event,
        ("accepted", "StaleSessionError", "accepted", "StaleSessionError"),
        "accepted, two runs would interleave for good",
    ),
    Difference(
        "The same, the other writer's clock being behind",
        overtaken_by_an_earlier_event,
        ("accepted", "accepted", "accepted", "StaleSessionError"),
        "a revision counts; clocks differ between replicas",
    ),
    Difference(
        "Append through a session that was deleted and created again",
        handle_to_an_earlier_life,
        (
            "written into the new one",
            "StaleSessionError",
            "written into the new one",
            "SessionNotFoundError",
        ),
        "it is another conversation",
    ),
    Difference(
        "Order of events stamped 11, 19, 12, 18",
        order_of_events,
        ("11, 19, 12, 18", "11, 12, 18, 19", "11, 19, 12, 18", "11, 19, 12, 18"),
        "the order of appending, in which the model was shown the events",
    ),
    Difference(
        "Of these, `after_timestamp=15`",
        after_a_timestamp,
        ("18", "18, 19", "19, 18", "18"),
        "as in memory: from the end back to the first event that is too old",
    ),
    Difference(
        "`list_sessions`",
        events_in_a_list,
        ("without events", "without events", "with all events", "without events"),
        "a list of conversations is not a download of them",
    ),
    Difference(
        "Session `v:s` of user `u`, when user `u:v` has a session `s`",
        colon_in_ids,
        ("not found", "not found", "the session of u:v", "not found"),
        "no id reaches into another's keys",
    ),
    Difference(
        "20 sessions of a user change its state at the same moment",
        concurrent_user_state,
        ("all are kept", "all are kept", "updates are lost", "all are kept"),
        "each key is written by itself, atomically",
    ),
    Difference(
        "A NUL character in a state value",
        nul_in_a_value,
        ("kept", "cut off there", "kept", "kept"),
        "values come back unchanged",
    ),
    Difference(
        "A state value that JSON cannot say",
        value_that_is_no_json,
        ("kept", "stored as its text", "PydanticSerializationError", "stored as its text"),
        "the turn matters more than the value",
    ),
    Difference(
        "An infinite number in session state",
        infinite_value,
        ("kept", "OperationalError", "null", "kept"),
        "values come back unchanged; HTTP refuses it, because JSON has no such number",
    ),
    Difference(
        "A caller changes an event that it has read",
        event_changed_after_a_read,
        ("nobody sees it", "nobody sees it", "nobody sees it", "the next reader here sees it"),
        "events are shared with the cache, not copied: copying cost more than the turn; ADK itself "
        "never changes one",
    ),
]


def table() -> str:
    """The table as Markdown."""
    lines = [
        "| | in memory | SQLite | ADK Redis | ours | why |",
        "|---|---|---|---|---|---|",
    ]
    lines += [f"| {row.question} | {' | '.join(row.answers)} | {row.why} |" for row in DIFFERENCES]
    return "\n".join(lines) + "\n"


def with_table(page: str) -> str:
    """The page with the table as it is now."""
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}{table()}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
