"""The patches of ADK all apply to the pinned version, and do not change a replica's answers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from google.adk.events.event import Event
from google.adk.events.event_actions import EventActions
from google.adk.flows.llm_flows.context._contents import _get_contents
from google.genai import types
from hypothesis import given, settings
from hypothesis import strategies as st

from target_service.adk_patches import PATCHES
from target_service.adk_patches.history import plain_contents
from tests.target_service.conftest import StartReplica
from tests.target_service.processes import ROOT, Replica, body

MANIFOLD = Path(__file__).parent / "patched" / "manifold"
_CHANGES = re.compile(
    r"(?:adk-)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|\"(?:timestamp|lastUpdateTime|last_update_time)\": ?[0-9.e+]+"
)
SHOPMAX = (
    "Where is my order ORD-58291?",
    "When will it arrive?",
    "Please deliver it tomorrow evening instead.",
    "Where is ORD-00000?",
    "I want to return it, it is broken.",
    "मेरा ऑर्डर कहाँ है?",
    "Thank you",
)
EVERYTHING = (
    "hello",
    "call plain",
    "call remember",
    "call plain remember plain",
    "call wrong",
    "after the failure",
    "call nothing",
    "transfer called",
    "call plain wrapped made_0",
    "the third turn of it",
    "call made_1",
    "transfer forgetful",
    "hello again",
    "call plain",
    "transfer steps",
    "call plain",
    "transfer nobody",
    "fail",
    "and on",
)


def in_a_process(code: str) -> str:
    """The output of a fresh interpreter."""
    command = [sys.executable, "-W", "ignore", "-c", code]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    ).stdout


@pytest.mark.slow
@pytest.mark.service
def test_every_patch_is_in_force_with_the_pinned_adk() -> None:
    told = in_a_process("from target_service import adk_patches as p; print(*p.apply(), sep='\\n')")
    assert told.split() == [str(patch) for patch in PATCHES]


@pytest.mark.slow
@pytest.mark.service
def test_a_patch_stands_aside_where_adk_is_another() -> None:
    told = in_a_process(
        "from target_service import adk_patches as p\n"
        "p.DIGESTS['google.adk.tools.function_tool'] = 'another'\n"
        "from google.adk.flows.llm_flows.tools import _agent_tools as a\n"
        "before = a.process_agent_tools\n"
        "print(len(p.PATCHES) - len(p.apply()), a.process_agent_tools is before)"
    )
    assert told.split() == ["1", "True"]


@pytest.mark.slow
@pytest.mark.service
def test_a_function_that_an_agent_replaced_stays_replaced() -> None:
    told = in_a_process(
        "from google.adk.flows.llm_flows.tools import _agent_tools as a\n"
        "def process_agent_tools(*_): pass\n"
        "a.process_agent_tools = process_agent_tools\n"
        "from target_service import adk_patches as p\n"
        "print(len(p.PATCHES) - len(p.apply()), a.process_agent_tools is process_agent_tools)"
    )
    assert told.split() == ["1", "True"]


@pytest.mark.service
def test_spans_are_created_as_soon_as_they_are_recorded() -> None:
    told = in_a_process(
        "from target_service.adk_patches.telemetry import recorded\n"
        "from opentelemetry import trace\n"
        "from opentelemetry.sdk.trace import TracerProvider, SpanProcessor\n"
        "provider = TracerProvider()\n"
        "trace.set_tracer_provider(provider)\n"
        "print(recorded())\n"
        "provider.add_span_processor(SpanProcessor())\n"
        "print(recorded())"
    )
    assert told.split() == ["False", "True"]


@pytest.fixture(scope="module")
def both(start_replica: StartReplica) -> tuple[Replica, Replica]:
    """A patched replica of ShopMax, and an unpatched one."""
    return _two(start_replica)


@pytest.fixture(scope="module", params=["", "1"], ids=["no plugin", "a plugin"])
def both_manifold(
    request: pytest.FixtureRequest, start_replica: StartReplica
) -> tuple[Replica, Replica]:
    """A patched replica of an agent that uses much of ADK, and an unpatched one."""
    return _two(start_replica, DIYA_AGENT=str(MANIFOLD), MANIFOLD_PLUGIN=request.param)


def _two(start_replica: StartReplica, **more: str) -> tuple[Replica, Replica]:
    made = [
        start_replica("one", DIYA_MODEL_TTFT_MS="0", DIYA_ADK_PATCHES=switch, **more)
        for switch in ("on", "off")
    ]
    for each in made:
        each.wait_ready()
    return made[0], made[1]


def told(replica: Replica, app: str, user: str, texts: tuple[str, ...], **more: Any) -> list[str]:
    """All answers of a conversation, and its stored session; ids and times masked."""
    path = f"/apps/{app}/users/{user}/sessions"
    endpoint = more.pop("endpoint")
    replica.http.post(path, json={"sessionId": "s"}).raise_for_status()
    answers = []
    for number, text in enumerate(texts):
        turn = {**body(user, "s", text, f"t{number}"), **more, "appName": app}
        # A connection of its own: the server closes the one on which a turn failed.
        answer = replica.http.post(endpoint, json=turn, headers={"Connection": "close"})
        answers.append(f"{answer.status_code} {_masked(answer.text)}")
    answers.append(_masked(replica.http.get(f"{path}/s").text))
    return answers


def _masked(text: str) -> str:
    """Ids are numbered in the order in which they come: which ones are the same still shows."""
    names: dict[str, str] = {}
    # The model of `manifold` repeats JSON within JSON.
    plain = text.replace("\\", "")
    return _CHANGES.sub(lambda found: names.setdefault(found[0], f"<{len(names)}>"), plain)


MODES = pytest.mark.parametrize(
    "mode",
    [
        {"endpoint": "/run"},
        {"endpoint": "/run_sse", "streaming": False},
        {"endpoint": "/run_sse", "streaming": True},
    ],
    ids=["run", "sse", "streamed"],
)


@pytest.mark.slow
@MODES
def test_a_customer_cannot_tell_a_patched_replica(
    both: tuple[Replica, Replica], user: str, mode: dict[str, Any]
) -> None:
    patched, plain = (
        told(replica, "shopmax", f"{user}-{number}", SHOPMAX, **mode)
        for number, replica in enumerate(both)
    )
    for mine, theirs in zip(patched, plain, strict=True):
        assert mine.replace(f"{user}-0", "u") == theirs.replace(f"{user}-1", "u")


@pytest.mark.slow
@MODES
def test_an_agent_that_uses_much_of_adk_cannot_tell_a_patched_replica(
    both_manifold: tuple[Replica, Replica], user: str, mode: dict[str, Any]
) -> None:
    patched, plain = (
        told(replica, "manifold", f"{user}-{number}", EVERYTHING, **mode)
        for number, replica in enumerate(both_manifold)
    )
    for mine, theirs in zip(patched, plain, strict=True):
        assert mine.replace(f"{user}-0", "u") == theirs.replace(f"{user}-1", "u")


_IDS = st.sampled_from(["adk-1", "adk-2", "3", None])
_PARTS = st.one_of(
    st.builds(
        types.Part,
        text=st.sampled_from(["", "a", " "]),
        thought=st.sampled_from([None, True]),
    ),
    st.builds(
        lambda id, name: types.Part(function_call=types.FunctionCall(id=id, name=name, args={})),
        _IDS,
        st.sampled_from(["f", "adk_request_credential"]),
    ),
    st.builds(
        lambda id: types.Part(function_response=types.FunctionResponse(id=id, name="f")), _IDS
    ),
)
_CONTENTS = st.none() | st.builds(
    types.Content, role=st.sampled_from(["user", "model", None]), parts=st.lists(_PARTS, max_size=3)
)
_EVENTS = st.builds(
    Event,
    author=st.sampled_from(["user", "me", "me", "me", "other"]),
    invocation_id=st.sampled_from(["i", "j"]),
    branch=st.sampled_from([None, None, None, "b"]),
    isolation_scope=st.sampled_from([None, None, None, "s"]),
    content=_CONTENTS,
    actions=st.builds(
        EventActions, rewind_before_invocation_id=st.sampled_from([None, None, None, "i"])
    ),
)

_SIMPLE = st.sampled_from(
    [
        types.Part(text="a"),
        *(types.Part(function_call=types.FunctionCall(id=id, name="f")) for id in ("adk-1", "2")),
        *(
            types.Part(function_response=types.FunctionResponse(id=id, name="f"))
            for id in ("adk-1", "2")
        ),
    ]
)
"""Parts of which only the order can be unusual."""
_ORDINARY = st.builds(
    lambda parts, author: Event(
        author=author, content=types.Content(role="model", parts=list(parts))
    ),
    st.lists(_SIMPLE, min_size=1, max_size=2),
    st.sampled_from(["me", "user"]),
)


def _call(number: int) -> list[Event]:
    """A call and its answer, as most of them are."""
    id = f"adk-c{number}"
    call = types.Part(function_call=types.FunctionCall(id=id, name="f", args={"x": [1]}))
    answer = types.Part(function_response=types.FunctionResponse(id=id, name="f", response={}))
    return [
        Event(author="me", content=types.Content(role="model", parts=[call])),
        Event(author="me", content=types.Content(role="user", parts=[answer])),
    ]


@settings(max_examples=1000, deadline=None, derandomize=True, database=None)
@given(st.lists(_ORDINARY | _EVENTS | st.integers(0, 50), max_size=5), st.booleans())
@pytest.mark.slow
def test_a_history_is_shown_to_the_model_as_adk_shows_it(drawn: list[Any], keep: bool) -> None:
    events = [
        event for each in drawn for event in (_call(each) if isinstance(each, int) else [each])
    ]
    before = [event.model_dump() for event in events]
    mine = plain_contents(events, "me", not keep)
    assert [event.model_dump() for event in events] == before
    if mine is not None:
        theirs = _get_contents(None, events, "me", preserve_function_call_ids=keep)
        assert mine == theirs
        assert [each.model_fields_set for each in mine] == [
            each.model_fields_set for each in theirs
        ]


def test_an_ordinary_history_is_copied_and_shares_nothing_that_a_request_changes() -> None:
    said = Event(author="user", content=types.Content(role="user", parts=[types.Part(text="hi")]))
    events = [said, *_call(1), said]
    shown = plain_contents(events, "me", strip_ids=True)
    assert shown is not None
    assert len(shown) == 4
    shown[0].parts[0].text = "changed"
    shown[1].parts[0].function_call.name = "changed"
    shown[1].parts.clear()
    assert json.loads(events[0].model_dump_json())["content"]["parts"][0]["text"] == "hi"
    assert events[1].get_function_calls()[0].name == "f"
    assert events[1].get_function_calls()[0].id == "adk-c1"
