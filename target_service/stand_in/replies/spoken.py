"""The reply of a real model, read from its answer in the form of its API."""

from __future__ import annotations

from typing import Any

import msgspec

from target_service.stand_in.call import Dialect
from target_service.stand_in.reply import Reply, ToolCall


def reply(dialect: Dialect, content_type: str, body: bytes) -> Reply | None:
    """The reply in a whole answer; None when it is not complete, empty, or no answer at all."""
    try:
        chunks = _chunks(content_type, body)
        found = _gemini(chunks) if dialect == "gemini" else _openai(chunks)
    except (msgspec.DecodeError, AttributeError, KeyError, IndexError, TypeError):
        return None
    return found if found is not None and (found.text or found.calls) else None


def _chunks(content_type: str, body: bytes) -> list[dict[str, Any]]:
    """The JSON objects of a stream of events, of an array, or of one answer."""
    if "text/event-stream" in content_type:
        lines = (line.strip() for line in body.splitlines())
        data = (line[5:].strip() for line in lines if line.startswith(b"data:"))
        return [msgspec.json.decode(each) for each in data if each and each != b"[DONE]"]
    decoded = msgspec.json.decode(body)
    return decoded if isinstance(decoded, list) else [decoded]


def _gemini(chunks: list[dict[str, Any]]) -> Reply | None:
    text: list[str] = []
    thought: list[str] = []
    calls: list[ToolCall] = []
    finished = False
    for chunk in chunks:
        if "error" in chunk:
            return None
        for candidate in (chunk.get("candidates") or [])[:1]:
            finished = finished or bool(candidate.get("finishReason"))
            for part in (candidate.get("content") or {}).get("parts") or []:
                if asked := part.get("functionCall"):
                    calls.append(ToolCall(asked["name"], dict(asked.get("args") or {})))
                elif part.get("text"):
                    (thought if part.get("thought") else text).append(part["text"])
    return Reply("".join(text), tuple(calls), "".join(thought)) if finished else None


def _openai(chunks: list[dict[str, Any]]) -> Reply | None:
    text, finished = [], False
    calls: dict[int, list[str]] = {}
    for chunk in chunks:
        if chunk.get("error"):
            return None
        for choice in (chunk.get("choices") or [])[:1]:
            finished = finished or bool(choice.get("finish_reason"))
            said = choice.get("delta") or choice.get("message") or {}
            text.append(said.get("content") or "")
            for place, asked in enumerate(said.get("tool_calls") or []):
                call = calls.setdefault(asked.get("index", place), ["", ""])
                function = asked.get("function") or {}
                call[0] += function.get("name") or ""
                call[1] += function.get("arguments") or ""
    made = tuple(
        ToolCall(name, dict(msgspec.json.decode(arguments.encode() or b"{}")))
        for _, (name, arguments) in sorted(calls.items())
    )
    return Reply("".join(text), made) if finished else None
