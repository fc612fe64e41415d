"""A reply, a stream and an error in the words of OpenAI's chat completions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import msgspec

from target_service.stand_in import tokens
from target_service.stand_in.asked import Asked, Frame, Headers, Problem, Usage, retry_after
from target_service.stand_in.pieces import pieces
from target_service.stand_in.reply import Reply

_WORDS_PER_CHUNK = 4
_ARGUMENTS_PER_CHUNK = 48
"""Characters of a call's arguments in one chunk."""
_encode = msgspec.json.encode
_DONE = b"data: [DONE]\n\n"

_ERRORS = {
    400: ("invalid_request_error", None, "Invalid request."),
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    403: ("invalid_request_error", None, "You are not allowed to do this."),
    404: ("invalid_request_error", None, "Invalid URL"),
    413: ("invalid_request_error", None, "The request's body is too large."),
    429: ("requests", "rate_limit_exceeded", "Rate limit reached. Please try again later."),
    500: (
        "server_error",
        None,
        "The server had an error while processing your request. Sorry about that!",
    ),
    503: (
        "server_error",
        "service_unavailable",
        "The engine is currently overloaded, please try again later.",
    ),
}
"""HTTP status -> type, code and the usual message."""
_UNITS = {"requests": "requests per min (RPM)", "tokens": "tokens per min (TPM)"}


def whole(asked: Asked, reply: Reply, usage: Usage, unique: str, *, finished: bool = True) -> bytes:
    """The answer without a stream; without `finished` it has no reason of finishing."""
    message: dict[str, Any] = {
        "role": "assistant",
        "content": reply.text or (None if reply.calls else ""),
        "refusal": None,
        "annotations": [],
    }
    if reply.calls:
        message["tool_calls"] = _calls(reply, unique)
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": _reason(reply) if finished else None,
    }
    head = _head(asked, unique, "chat.completion")
    return _encode({**head, "choices": [choice], "usage": _usage(usage)})


def frames(
    asked: Asked, reply: Reply, usage: Usage, unique: str, *, finished: bool = True
) -> Iterator[Frame]:
    """The pieces of a stream; without `finished` it ends before its reason of finishing."""
    head = _head(asked, unique, "chat.completion.chunk")
    shown = 0
    yield _frame(head, {"role": "assistant", "content": "", "refusal": None}, shown)
    for text in pieces(reply.text, _WORDS_PER_CHUNK):
        shown += tokens.of_text(text)
        yield _frame(head, {"content": text}, shown)
    for index, call in enumerate(_calls(reply, unique)):
        arguments = call["function"]["arguments"]
        begun = {**call, "index": index, "function": {**call["function"], "arguments": ""}}
        yield _frame(head, {"tool_calls": [begun]}, shown)
        for start in range(0, len(arguments), _ARGUMENTS_PER_CHUNK):
            piece = arguments[start : start + _ARGUMENTS_PER_CHUNK]
            shown += tokens.of_text(piece)
            delta = {"index": index, "function": {"arguments": piece}}
            yield _frame(head, {"tool_calls": [delta]}, shown)
    if finished:
        yield _frame(head, {}, usage.output, _reason(reply))
        if asked.usage:
            told = {**head, "choices": [], "usage": _usage(usage)}
            yield Frame(b"data: " + _encode(told) + b"\n\n", usage.output)
        yield Frame(_DONE, usage.output)


def error(problem: Problem) -> tuple[bytes, Headers]:
    """The body and the headers of an error."""
    kind, code, message = _ERRORS.get(problem.status, ("server_error", None, "Unknown error."))
    headers = retry_after(problem.retry_after_s)
    if problem.refused is not None:
        kind = problem.refused
        message = (
            f"Rate limit reached for {problem.model} on {_UNITS[problem.refused]}: "
            f"Limit {problem.limit}. Please try again in {problem.retry_after_s or 0:g}s."
        )
        limit = f"x-ratelimit-limit-{problem.refused}".encode()
        headers.append((limit, str(problem.limit).encode()))
        headers.append((f"x-ratelimit-remaining-{problem.refused}".encode(), b"0"))
    told = {"message": problem.message or message, "type": kind, "param": None, "code": code}
    return _encode({"error": told}), headers


def _head(asked: Asked, unique: str, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{unique}",
        "object": kind,
        "created": int(time.time()),
        "model": asked.call.model,
        "service_tier": "default",
        "system_fingerprint": "fp_diya",
    }


def _frame(
    head: dict[str, Any], delta: dict[str, Any], shown: int, reason: str | None = None
) -> Frame:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
    return Frame(b"data: " + _encode({**head, "choices": [choice]}) + b"\n\n", shown)


def _calls(reply: Reply, unique: str) -> list[dict[str, Any]]:
    return [
        {
            "id": f"call_{unique}{number}",
            "type": "function",
            "function": {"name": call.name, "arguments": _encode(call.args).decode()},
        }
        for number, call in enumerate(reply.calls)
    ]


def _reason(reply: Reply) -> str:
    return "tool_calls" if reply.calls else "stop"


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.output + usage.thoughts,
        "total_tokens": usage.total,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": usage.thoughts, "audio_tokens": 0},
    }
