"""Events as Agent Engine writes them, in the form of ADK's API server.  Pure.

Its streams name fields in snake_case; its sessions write every empty field as null.
"""

from __future__ import annotations

from typing import Any

from loadtests.adk.event_names import camel_case

_NAMED_BY_OTHERS = frozenset(
    [
        *("args", "response", "state", "state_delta", "stateDelta"),
        *("custom_metadata", "customMetadata", "artifact_delta", "artifactDelta"),
    ]
)
"""Fields whose contents tools, models and applications name."""


def in_adks_form(value: Any) -> Any:
    """The value with ADK's names in camelCase and without empty fields."""
    if isinstance(value, list):
        return [in_adks_form(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        camel_case(key): each if key in _NAMED_BY_OTHERS else in_adks_form(each)
        for key, each in value.items()
        if each is not None
    }
