"""The content of a turn's answer besides the reply: tool steps, state, the model's own text.

The session must hold the same afterwards; `reports.checks.contents` compares them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from loadtests.adk.agent_event import AgentEvent
from loadtests.adk.events import steps
from reports.records import digest

SAID = "diya_said"
"""The key in an event's custom metadata: the digest of the model's text."""
_SHARED = ("app:", "user:", "temp:")
"""Prefixes of state that is shared with other sessions, or belongs to this request only."""


class Shown(Struct, frozen=True, gc=False):
    """The content of the events of one answer."""

    steps: tuple[str, ...]
    """Digests of the tools' calls and results, in order."""
    state: dict[str, str]
    """The turn's changes of the session's state; see `digests_of_state`."""
    said: str | None
    """Digest of the model's text, by the model's witness; None without a witness."""


def shown(told: Sequence[AgentEvent]) -> Shown:
    """The content of the whole events of one answer."""
    state: dict[str, str] = {}
    said: str | None = None
    for event in told:
        actions, metadata = event.fields.get("actions"), event.fields.get("customMetadata")
        if isinstance(actions, dict):
            state.update(digests_of_state(actions.get("stateDelta")))
        if isinstance(metadata, dict) and isinstance(metadata.get(SAID), str):
            said = metadata[SAID]
    return Shown(steps(told), state, said)


def digests_of_state(state: Any) -> dict[str, str]:
    """A session's own state: the digest of each key to the digest of its value as JSON.

    Keys that other sessions share are left out.  Empty for anything that is not an object.
    """
    if not isinstance(state, Mapping):
        return {}
    return {
        digest(key): digest(json.dumps(value, sort_keys=True, ensure_ascii=False))
        for key, value in state.items()
        if isinstance(key, str) and not key.startswith(_SHARED)
    }
