"""A request to OpenAI's chat completions as a neutral call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from target_service.stand_in import tokens
from target_service.stand_in.asked import Asked, BadRequest
from target_service.stand_in.call import Call, Item, Tool, ToolChoice, is_adk_own

_SYSTEM = ("system", "developer")
_CHOICES: dict[str, ToolChoice] = {"required": "any", "none": "none"}
_ANY_OBJECT = {"type": "object"}


def parse(body: Any, *, model: str, key: str) -> Asked:
    """The call in a request's JSON; `model` when the body names none.  Raises BadRequest."""
    if not isinstance(body, dict):
        raise BadRequest("We could not parse the JSON body of your request.")
    name = body.get("model") or model
    if not name or not isinstance(name, str):
        raise BadRequest("you must provide a model parameter")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise BadRequest("Missing required parameter: 'messages'.")
    _check_turns(messages)
    system = "\n".join(_text_of(each) for each in messages if each.get("role") in _SYSTEM)
    choice, allowed = _choice(body.get("tool_choice"))
    tools = tuple(tool for tool in _tools(body) if not allowed or tool.name in allowed)
    items = tuple(_items(messages))
    call = Call(
        dialect="openai",
        model=name,
        stream=bool(body.get("stream")),
        items=items,
        tools=tools,
        tool_choice=choice,
        schema=_schema(body.get("response_format") or {}),
        system=system,
        caller=key,
        prompt_tokens=_tokens(items, tools, system),
    )
    options = body.get("stream_options") or {}
    return Asked(call, usage=bool(options.get("include_usage")))


def _items(messages: list[Any]) -> Iterator[Item]:
    names: dict[str, str] = {}
    for message in messages:
        role = message.get("role")
        if role == "tool":
            call_id = str(message.get("tool_call_id") or "")
            value = _value(_text_of(message))
            yield Item("user", "result", name=names.get(call_id, ""), call_id=call_id, value=value)
        elif role == "user":
            texts = list(_texts(message))
            own = is_adk_own(texts)
            yield from (Item("user", "text", text=text, adk_own=own) for text in texts)
        elif role == "assistant":
            yield from (Item("model", "text", text=text) for text in _texts(message))
            for asked in message.get("tool_calls") or []:
                item = _call(asked)
                names[item.call_id] = item.name
                yield item


def _call(asked: dict[str, Any]) -> Item:
    function = asked.get("function") or {}
    google = (asked.get("extra_content") or {}).get("google") or {}
    return Item(
        "model",
        "call",
        name=str(function.get("name") or ""),
        call_id=str(asked.get("id") or ""),
        value=_value(function.get("arguments") or "{}"),
        signature=str(google.get("thought_signature") or ""),
    )


def _check_turns(messages: list[Any]) -> None:
    """Refuse a history in which a call has no result, as the real API does."""
    due: list[str] = []
    for number, message in enumerate(messages):
        if not isinstance(message, dict):
            raise BadRequest(f"Invalid type for 'messages[{number}]': expected an object.")
        if message.get("role") == "tool":
            if message.get("tool_call_id") in due:
                due.remove(message["tool_call_id"])
                continue
            raise BadRequest(
                f"Invalid parameter: messages[{number}] with role 'tool' must be a response to a "
                "message with 'tool_calls' before it."
            )
        if due:
            break
        due = [each.get("id") or "" for each in message.get("tool_calls") or []]
    if due:
        raise BadRequest(
            "An assistant message with 'tool_calls' must be followed by tool messages responding "
            "to each 'tool_call_id'. The following tool_call_ids did not have response messages: "
            + ", ".join(due)
        )


def _tools(body: dict[str, Any]) -> Iterator[Tool]:
    for tool in body.get("tools") or []:
        function = tool.get("function")
        if function:
            schema = function.get("parameters") or {}
            if not isinstance(schema, dict):
                raise BadRequest("Invalid type for 'tools': expected a schema as parameters.")
            yield Tool(str(function["name"]), str(function.get("description") or ""), schema)


def _choice(choice: Any) -> tuple[ToolChoice, frozenset[str]]:
    """Whether tools may or must be called, and the only ones, if the request names any."""
    if not isinstance(choice, dict):
        return _CHOICES.get(str(choice), "auto"), frozenset()
    if choice.get("type") == "allowed_tools":
        allowed = choice.get("allowed_tools") or {}
        listed = [each["function"]["name"] for each in allowed.get("tools") or []]
        return _CHOICES.get(str(allowed.get("mode")), "auto"), frozenset(listed)
    return "any", frozenset([choice["function"]["name"]])


def _schema(wanted: dict[str, Any]) -> dict[str, Any] | None:
    if wanted.get("type") == "json_schema":
        schema = (wanted.get("json_schema") or {}).get("schema")
        return schema if isinstance(schema, dict) else _ANY_OBJECT
    return _ANY_OBJECT if wanted.get("type") == "json_object" else None


def _texts(message: dict[str, Any]) -> Iterator[str]:
    """The texts of a message: its content is one text, or a list of parts."""
    content = message.get("content")
    if isinstance(content, str):
        content = [{"text": content}]
    for part in content or []:
        if part.get("text"):
            yield part["text"]


def _text_of(message: dict[str, Any]) -> str:
    return "".join(_texts(message))


def _value(text: str) -> Any:
    """A tool's arguments or result as JSON; the text itself when it is none."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text


def _tokens(items: tuple[Item, ...], tools: tuple[Tool, ...], system: str) -> int:
    count = tokens.of_text(system)
    count += sum(tokens.of_value((tool.name, tool.description, tool.schema)) for tool in tools)
    for item in items:
        told = item.kind == "text"
        count += tokens.of_text(item.text) if told else tokens.of_value((item.name, item.value))
    return count
