"""The names of an event's fields: ADK's server writes camelCase, some others snake_case."""

from __future__ import annotations

import re
from typing import Any

_SNAKE = re.compile(r"_([a-z])")
_SIGNS = frozenset(
    [
        *("invocation_id", "custom_metadata", "error_code", "error_message", "finish_reason"),
        *("long_running_tool_ids", "skip_summarization", "state_delta", "artifact_delta"),
        *("function_call", "function_response", "thought_signature"),
    ]
)
"""Fields by which an event in snake_case is known."""


def camel_case(name: str) -> str:
    """The name of a field as ADK's server writes it: `long_running` becomes `longRunning`."""
    return _SNAKE.sub(lambda found: found[1].upper(), name)


def in_camel_case(event: Any) -> Any:
    """The event with the names of its own fields, its actions' and its parts' in camelCase.

    Names given by tools, models and applications stay as they are.  Anything else than an
    event in snake_case comes back as it is.
    """
    if not isinstance(event, dict):
        return event
    actions, content = event.get("actions"), event.get("content")
    parts = content.get("parts") if isinstance(content, dict) else None
    parts = parts if isinstance(parts, list) else []
    if not any(map(_in_snake_case, (event, actions, *parts))):
        return event
    named = _renamed(event)
    if isinstance(actions, dict):
        named["actions"] = _renamed(actions)
    if isinstance(content, dict) and parts:
        named["content"] = {**content, "parts": [_renamed(part) for part in parts]}
    return named


def _in_snake_case(fields: Any) -> bool:
    return isinstance(fields, dict) and not _SIGNS.isdisjoint(fields)


def _renamed(fields: Any) -> Any:
    if not isinstance(fields, dict):
        return fields
    return {camel_case(name): value for name, value in fields.items()}
