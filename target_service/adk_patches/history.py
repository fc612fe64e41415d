"""Patches for building a request's history and for redacting an event.

ADK walks all events about a dozen times for every model call, and copies each content with
pydantic's `model_copy`.  Most histories need no removal and no reordering: one walk checks this and
copies as it goes; any other history is left to ADK.
"""

from __future__ import annotations

from typing import Any

_FRAMEWORK_CALLS = frozenset(
    {"adk_framework", "adk_request_credential", "adk_request_confirmation"}
)
_set = object.__setattr__


def shallow(model: Any) -> Any:
    """A faster equivalent of pydantic's `model_copy()`."""
    if model.__pydantic_private__ is not None or model.__pydantic_extra__ is not None:
        return model.model_copy()
    cls: Any = type(model)
    made = cls.__new__(cls)
    _set(made, "__dict__", model.__dict__.copy())
    _set(made, "__pydantic_extra__", None)
    _set(made, "__pydantic_fields_set__", model.__pydantic_fields_set__.copy())
    _set(made, "__pydantic_private__", None)
    return made


def _assign(model: Any, field: str, value: Any) -> None:
    model.__dict__[field] = value
    model.__pydantic_fields_set__.add(field)


def _without_id(part: Any, field: str) -> None:
    """Remove ADK's own id from a copy of the copied part's call or answer."""
    held = part.__dict__[field]
    if held.id.startswith("adk-"):
        held = shallow(held)
        _assign(held, "id", None)
        _assign(part, field, held)


def plain_contents(events: Any, agent: str, strip_ids: bool) -> list[Any] | None:
    """The contents of a history that needs no removal and no reordering; None for any other."""
    contents: list[Any] = []
    seen: set[str] = set()
    unanswered: set[str] = set()
    for event in events:
        facts = event.__dict__
        content, actions, author = facts["content"], facts["actions"], facts["author"]
        if (
            facts["branch"]
            or facts["isolation_scope"] is not None
            or facts["input_transcription"] is not None
            or facts["output_transcription"] is not None
            or actions is None
            or actions.rewind_before_invocation_id
            or actions.compaction
            or (author != agent and author != "user")
        ):
            return None
        if content is None or not content.parts or not content.role:
            continue
        if author == "user" and facts["node_info"].path:
            return None
        parts, calls, answers = [], set(), set()
        for part in content.parts:
            copied, held = shallow(part), part.__dict__
            if call := held["function_call"]:
                if not call.id or call.id in seen or call.name in _FRAMEWORK_CALLS:
                    return None
                calls.add(call.id)
                seen.add(call.id)
                if strip_ids:
                    _without_id(copied, "function_call")
            elif answer := held["function_response"]:
                if not answer.id or answer.id in answers or answer.name in _FRAMEWORK_CALLS:
                    return None
                answers.add(answer.id)
                if strip_ids:
                    _without_id(copied, "function_response")
            elif not held["text"] or held["thought"]:
                return None
            parts.append(copied)
        # The event after a call must hold all its answers and nothing else.
        if answers != unanswered or (answers and len(answers) != len(parts)):
            return None
        unanswered = calls
        copied_content = shallow(content)
        _assign(copied_content, "parts", parts)
        contents.append(copied_content)
    return None if unanswered else contents


def contents(original: Any) -> Any:
    def _get_contents(current_branch: Any, events: Any, agent_name: str = "", **named: Any) -> Any:
        contents = None
        if named.get("isolation_scope") is None and not named.get("is_single_turn"):
            strip_ids = not named.get("preserve_function_call_ids")
            contents = plain_contents(events, agent_name, strip_ids)
        if contents is None:
            return original(current_branch, events, agent_name, **named)
        return contents

    return _get_contents


_SECRETS = frozenset(
    {"authType", "auth_type", "rawAuthCredential", "raw_auth_credential"}
    | {"exchangedAuthCredential", "exchanged_auth_credential"}
)


def redacted(original: Any) -> Any:
    # ADK rebuilds every response to remove secrets.  All callers pass a value that they have just
    # dumped and do not use again, so without a secret it can be returned unchanged.
    def _redact_credential_secrets(value: Any) -> Any:
        left = [value]
        while left:
            each = left.pop()
            if isinstance(each, dict):
                if (
                    not _SECRETS.isdisjoint(each)
                    or each.get("name") == "adk_request_credential"
                    or each.get("requestedAuthConfigs")
                    or each.get("requested_auth_configs")
                ):
                    return original(value)
                left += [item for item in each.values() if isinstance(item, dict | list)]
            elif isinstance(each, list):
                left += [item for item in each if isinstance(item, dict | list)]
        return value

    return _redact_credential_secrets
