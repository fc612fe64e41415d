"""A request to Gemini's generateContent as a neutral call.

Clients write a field in camelCase or in snake_case, and some write both kinds in one request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from target_service.stand_in import tokens
from target_service.stand_in.asked import Asked, BadRequest
from target_service.stand_in.call import Call, Item, Tool, ToolChoice, is_adk_own

_CHOICES: dict[str, ToolChoice] = {"ANY": "any", "NONE": "none"}
_ANY_OBJECT = {"type": "object"}


def parse(body: Any, *, model: str, stream: bool, sse: bool, key: str) -> Asked:
    """The call in a request's JSON.  Raises BadRequest."""
    if not isinstance(body, dict):
        raise BadRequest("Invalid JSON payload received. Root element must be a message.")
    contents = _list(body, "contents")
    if not contents:
        raise BadRequest("* GenerateContentRequest.contents: contents is not specified")
    _check_turns(contents)
    config = _get(body, "generationConfig") or {}
    system = _text_of(_get(body, "systemInstruction"))
    items = tuple(_items(contents))
    choice, allowed = _choice(body)
    tools = tuple(tool for tool in _tools(body) if not allowed or tool.name in allowed)
    call = Call(
        dialect="gemini",
        model=model,
        stream=stream,
        items=items,
        tools=tools,
        tool_choice=choice,
        schema=_schema(config),
        system=system,
        caller=key,
        prompt_tokens=_tokens(contents, tools, system),
    )
    thoughts = bool(_get(_get(config, "thinkingConfig") or {}, "includeThoughts"))
    return Asked(call, thoughts=thoughts, sse=sse)


def counted(body: Any) -> int:
    """The tokens of a request to countTokens.  Raises BadRequest."""
    if not isinstance(body, dict):
        raise BadRequest("Invalid JSON payload received. Root element must be a message.")
    inner = _get(body, "generateContentRequest") or body
    contents = _list(inner, "contents")
    system = _text_of(_get(inner, "systemInstruction"))
    return _tokens(contents, tuple(_tools(inner)), system)


def _items(contents: list[Any]) -> Iterator[Item]:
    for content in contents:
        parts = _list(content, "parts")
        model = content.get("role") == "model"
        own = not model and is_adk_own([part["text"] for part in parts if part.get("text")])
        for part in parts:
            item = _item(part, model=model, own=own)
            if item is not None:
                yield item


def _item(part: dict[str, Any], *, model: bool, own: bool) -> Item | None:
    role: Any = "model" if model else "user"
    signature = str(_get(part, "thoughtSignature") or "")
    if asked := _get(part, "functionCall"):
        name, args = str(asked.get("name") or ""), asked.get("args") or {}
        call_id = str(asked.get("id") or "")
        return Item(role, "call", name=name, call_id=call_id, value=args, signature=signature)
    if result := _get(part, "functionResponse"):
        name, call_id = str(result.get("name") or ""), str(result.get("id") or "")
        return Item("user", "result", name=name, call_id=call_id, value=result.get("response"))
    if part.get("text") and not part.get("thought"):
        return Item(role, "text", text=part["text"], signature=signature, adk_own=own)
    return None


def _check_turns(contents: list[Any]) -> None:
    """Refuse a history whose calls and results do not fit, as the real API does."""
    due = 0
    for content in contents:
        parts = _list(content, "parts")
        results = sum(_get(part, "functionResponse") is not None for part in parts)
        if due and results != due:
            raise BadRequest(
                "Please ensure that the number of function response parts is equal to the number "
                "of function call parts of the function call turn."
            )
        if results and not due:
            raise BadRequest(
                "Please ensure that function response turn comes immediately after a function "
                "call turn."
            )
        due = sum(_get(part, "functionCall") is not None for part in parts)


def _tools(body: dict[str, Any]) -> Iterator[Tool]:
    for tool in _list(body, "tools"):
        for declared in _list(tool, "functionDeclarations"):
            schema = _get(declared, "parametersJsonSchema") or declared.get("parameters") or {}
            if not isinstance(schema, dict):
                raise BadRequest("Invalid value at 'parameters' (must be a schema)")
            yield Tool(str(declared["name"]), str(declared.get("description") or ""), schema)


def _choice(body: dict[str, Any]) -> tuple[ToolChoice, frozenset[str]]:
    """Whether tools may or must be called, and the only ones, if the request names any."""
    config = _get(_get(body, "toolConfig") or {}, "functionCallingConfig") or {}
    choice = _CHOICES.get(str(config.get("mode") or "").upper(), "auto")
    return choice, frozenset(_list(config, "allowedFunctionNames"))


def _schema(config: dict[str, Any]) -> dict[str, Any] | None:
    schema = _get(config, "responseJsonSchema") or _get(config, "responseSchema")
    if schema is None and _get(config, "responseMimeType") == "application/json":
        return _ANY_OBJECT
    return schema if schema is None or isinstance(schema, dict) else _ANY_OBJECT


def _text_of(content: Any) -> str:
    """The text of a system instruction: a content, its parts, or the text itself."""
    if content is None or isinstance(content, str):
        return content or ""
    parts = _list(content, "parts") if isinstance(content, dict) and "parts" in content else content
    parts = parts if isinstance(parts, list) else [parts]
    return "\n".join(part.get("text") or "" for part in parts)


def _tokens(contents: list[Any], tools: tuple[Tool, ...], system: str) -> int:
    count = tokens.of_text(system)
    count += sum(tokens.of_value((tool.name, tool.description, tool.schema)) for tool in tools)
    for content in contents:
        count += sum(map(_tokens_of_part, _list(content, "parts")))
    return count


def _tokens_of_part(part: dict[str, Any]) -> int:
    if part.get("text"):
        return tokens.of_text(part["text"])
    told = _get(part, "functionCall") or _get(part, "functionResponse")
    if told:
        return tokens.of_value((told.get("name"), told.get("args") or told.get("response")))
    return tokens.OF_A_MEDIUM


def _get(holder: dict[str, Any], name: str) -> Any:
    """A field by its name in camelCase, or by the same in snake_case; None when it is absent."""
    value = holder.get(name)
    return holder.get(_snake(name)) if value is None else value


@cache
def _snake(name: str) -> str:
    return re.sub("([A-Z])", lambda capital: f"_{capital[0].lower()}", name)


def _list(holder: dict[str, Any], name: str) -> list[Any]:
    value = _get(holder, name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadRequest(f"Invalid value at '{_snake(name)}' (must be a list)")
    return value
