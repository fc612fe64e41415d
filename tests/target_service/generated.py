"""Strategies of the property-based tests (ids, states and events), and their comparison."""

from __future__ import annotations

import json
import os
from typing import Any

from google.adk.events.event import Event
from google.adk.events.event_actions import EventActions
from google.adk.sessions.base_session_service import GetSessionConfig
from google.adk.sessions.session import Session
from google.genai import types
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("DIYA_PROPERTY_EXAMPLES", "40"))
FIXED = settings(
    max_examples=EXAMPLES,
    derandomize=True,  # a failure in CI is a failure here
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
FINITE = SCALARS.filter(lambda value: value not in (float("inf"), float("-inf")))
VALUES = st.recursive(
    FINITE | st.datetimes() | st.tuples(FINITE, FINITE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
STATE_KEYS = st.sampled_from(
    ["a", "b", "n", "app:a", "app:b", "user:a", "user:b", "temp:a", "app:", "user:", "app:user:a"]
) | st.builds("".join, st.tuples(st.sampled_from(["", "app:", "user:", "temp:"]), TEXT))
STATES = st.dictionaries(STATE_KEYS, VALUES, max_size=3)
ARGUMENTS = st.dictionaries(TEXT, FINITE, max_size=2)
PARTS = st.one_of(
    st.builds(types.Part, text=TEXT, thought=st.none() | st.booleans()),
    st.builds(
        types.Part,
        inline_data=st.builds(types.Blob, data=st.binary(max_size=8), mime_type=st.just("x/y")),
    ),
    st.builds(
        types.Part, function_call=st.builds(types.FunctionCall, id=TEXT, name=TEXT, args=ARGUMENTS)
    ),
    st.builds(
        types.Part,
        function_response=st.builds(types.FunctionResponse, id=TEXT, name=TEXT, response=ARGUMENTS),
    ),
)
CONTENTS = st.builds(
    types.Content, role=st.sampled_from(["user", "model"]), parts=st.lists(PARTS, max_size=3)
)
EVENTS = st.builds(
    Event,
    id=st.uuids().map(str),
    author=TEXT,
    invocation_id=TEXT,
    timestamp=st.floats(-1e6, 4e9),
    branch=st.none() | TEXT,
    content=st.none() | CONTENTS,
    partial=st.sampled_from([None, None, None, False, True]),
    turn_complete=st.none() | st.booleans(),
    error_code=st.none() | TEXT,
    long_running_tool_ids=st.none() | st.sets(TEXT, max_size=1),
    custom_metadata=st.none() | ARGUMENTS,
    actions=st.builds(
        EventActions,
        state_delta=STATES,
        artifact_delta=st.dictionaries(TEXT, st.integers(0, 9), max_size=1),
        escalate=st.none() | st.booleans(),
        transfer_to_agent=st.none() | TEXT,
    ),
)
SMALL_STATES = st.dictionaries(
    st.sampled_from(["a", "app:a", "user:a", "temp:a"]), st.integers(0, 9), max_size=2
)
SMALL_EVENTS = st.builds(
    Event,
    id=st.uuids().map(str),
    author=st.just("agent"),
    timestamp=st.integers(0, 99).map(float),
    partial=st.sampled_from([None, None, None, None, True]),
    actions=st.builds(EventActions, state_delta=SMALL_STATES),
)
"""For tests of the operations rather than of the contents."""
CONFIGS = st.none() | st.builds(
    GetSessionConfig,
    num_recent_events=st.none() | st.integers(0, 4),
    after_timestamp=st.none() | st.floats(-1e6, 4e9),
)


def image(session: Session | None) -> str | None:
    """All that a caller can see, types included.

    As JSON, because a tuple or a time comes back from any store as its JSON form: the in-memory
    service alone hands out the very objects it was given.
    """
    return None if session is None else canonical(session.model_dump(mode="json"))


def canonical(value: Any) -> str:
    """JSON text that tells 1 from 1.0 and from True, and does not depend on the order of keys."""
    return json.dumps(value, sort_keys=True)
