"""A reply, a stream and an error in the words of Gemini's API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from target_service.stand_in import signatures, tokens
from target_service.stand_in.asked import Asked, Frame, Headers, Problem, Usage, retry_after
from target_service.stand_in.pieces import pieces
from target_service.stand_in.reply import Reply

_WORDS_PER_CHUNK = 8
"""Gemini streams in larger pieces than OpenAI."""
_encode = msgspec.json.encode

_ERRORS = {
    400: ("INVALID_ARGUMENT", "Request contains an invalid argument."),
    401: ("UNAUTHENTICATED", "Request had invalid authentication credentials."),
    403: ("PERMISSION_DENIED", "The caller does not have permission."),
    404: ("NOT_FOUND", "Requested entity was not found."),
    413: ("INVALID_ARGUMENT", "Request payload size exceeds the limit."),
    429: (
        "RESOURCE_EXHAUSTED",
        "You exceeded your current quota, please check your plan and billing details.",
    ),
    500: ("INTERNAL", "An internal error has occurred. Please retry."),
    503: ("UNAVAILABLE", "The model is overloaded. Please try again later."),
    504: ("DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
}
"""HTTP status -> the status in the body and the usual message."""
_QUOTAS = {
    "requests": (
        "generativelanguage.googleapis.com/generate_content_requests",
        "GenerateRequestsPerMinutePerProjectPerModel",
    ),
    "tokens": (
        "generativelanguage.googleapis.com/generate_content_input_token_count",
        "GenerateContentInputTokensPerModelPerMinute",
    ),
}
"""The quota -> Google's names of its metric and of its limit."""
_RPC = "type.googleapis.com/google.rpc"


def whole(asked: Asked, reply: Reply, usage: Usage, unique: str, *, finished: bool = True) -> bytes:
    """The answer to generateContent; without `finished` it has no reason of finishing."""
    return _encode(_chunk(asked, _parts(asked, reply, unique), usage, unique, finished))


def frames(
    asked: Asked, reply: Reply, usage: Usage, unique: str, *, finished: bool = True
) -> Iterator[Frame]:
    """The pieces of the answer to streamGenerateContent, for server-sent events or as an array."""
    *early, last = _pieces(asked, reply, unique)
    shown = 0
    for number, (parts, count) in enumerate([*early, last]):
        shown += count
        is_last = number == len(early)
        so_far = Usage(usage.prompt, min(shown, usage.output), usage.thoughts if is_last else 0)
        chunk = _encode(_chunk(asked, parts, so_far, unique, is_last and finished))
        if asked.sse:
            yield Frame(b"data: " + chunk + b"\r\n\r\n", shown)
        else:
            end = b"\r\n]" if is_last else b""
            yield Frame((b",\r\n" if number else b"[") + chunk + end, shown)


def counted(total: int) -> bytes:
    """The answer to countTokens."""
    details = [{"modality": "TEXT", "tokenCount": total}]
    return _encode({"totalTokens": total, "promptTokensDetails": details})


def error(problem: Problem) -> tuple[bytes, Headers]:
    """The body and the headers of an error."""
    status, usual = _ERRORS.get(problem.status, ("UNKNOWN", "Unknown error."))
    told: dict[str, Any] = {
        "code": 400 if problem.status == 413 else problem.status,
        "message": problem.message or usual,
        "status": status,
    }
    if details := list(_details(problem)):
        told["details"] = details
    return _encode({"error": told}), retry_after(problem.retry_after_s)


def _details(problem: Problem) -> Iterator[dict[str, Any]]:
    if problem.refused is not None:
        metric, limit = _QUOTAS[problem.refused]
        violation = {
            "quotaMetric": metric,
            "quotaId": limit,
            "quotaDimensions": {"location": "global", "model": problem.model},
            "quotaValue": str(problem.limit),
        }
        yield {"@type": f"{_RPC}.QuotaFailure", "violations": [violation]}
    if problem.retry_after_s is not None:
        yield {"@type": f"{_RPC}.RetryInfo", "retryDelay": f"{problem.retry_after_s:g}s"}


def _parts(asked: Asked, reply: Reply, unique: str) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    if reply.thought:
        parts.append({"text": reply.thought, "thought": True})
    if reply.text:
        parts.append(_text(asked, reply, unique, reply.text))
    return [*parts, *_calls(reply, unique)]


def _pieces(asked: Asked, reply: Reply, unique: str) -> list[tuple[list[dict[str, Any]], int]]:
    """The parts of each chunk, with the tokens that it adds."""
    found: list[tuple[list[dict[str, Any]], int]] = []
    if reply.thought:
        found.append(([{"text": reply.thought, "thought": True}], 0))
    texts = list(pieces(reply.text, _WORDS_PER_CHUNK))
    for number, text in enumerate(texts, 1):
        last = number == len(texts)
        part = _text(asked, reply, unique, text) if last else {"text": text}
        found.append(([part], tokens.of_text(text)))
    if reply.calls:
        found.append((_calls(reply, unique), tokens.of_value(reply.calls)))
    return found or [([{"text": ""}], 0)]


def _text(asked: Asked, reply: Reply, unique: str, text: str) -> dict[str, Any]:
    part: dict[str, Any] = {"text": text}
    if asked.thoughts and not reply.calls:
        part["thoughtSignature"] = signatures.issue(unique, "")
    return part


def _calls(reply: Reply, unique: str) -> list[dict[str, Any]]:
    """As the real models do, only the first of several calls is signed."""
    parts: list[dict[str, Any]] = [
        {"functionCall": {"name": call.name, "args": call.args}} for call in reply.calls
    ]
    if parts:
        parts[0]["thoughtSignature"] = signatures.issue(unique, reply.calls[0].name)
    return parts


def _chunk(
    asked: Asked, parts: list[dict[str, Any]], usage: Usage, unique: str, finished: bool
) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if finished:
        candidate["finishReason"] = "STOP"
    told: dict[str, Any] = {
        "promptTokenCount": usage.prompt,
        "candidatesTokenCount": usage.output,
        "totalTokenCount": usage.total,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": usage.prompt}],
    }
    if usage.thoughts:
        told["thoughtsTokenCount"] = usage.thoughts
    return {
        "candidates": [candidate],
        "usageMetadata": told,
        "modelVersion": asked.call.model or "unknown",
        "responseId": unique,
    }
