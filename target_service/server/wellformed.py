"""Refuses bodies that parse but cannot be stored, shown or read back.

Python's JSON reader accepts more than JSON: lone surrogates, `NaN`, numbers that overflow to
infinity, unlimited nesting.  ADK passes such values on, and serialising them fails: at best with a
500, at worst after the session was stored, which then can never be read again.
"""

from __future__ import annotations

import math
import re
from typing import Any

from pydantic_core import from_json
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from target_service.turns import request

MAX_DEPTH = 100
"""Levels of arrays and objects; an event nested 200 deep could be written but never read."""

_MAY_OVERFLOW = re.compile(rb"[eE]\+?[0-9]{3}|[0-9]{300}")


class WellFormed:
    """Answers 422 to a JSON body that is not well-formed, before the service acts on it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _carries_json(scope):
            await self._app(scope, receive, send)
            return
        body = await request.read_body(receive)
        why = complaint(body) if body else None
        if why is not None:
            answer = JSONResponse({"detail": f"the body is not acceptable: {why}"}, status_code=422)
            await answer(scope, receive, send)
            return
        await self._app(scope, request.replay(body, receive), send)


def complaint(body: bytes) -> str | None:
    """Why this JSON text is refused; None when it is acceptable."""
    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        return str(error)
    # Checking the bytes is nearly always enough; then the value need not be walked.
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _deeper(value, MAX_DEPTH):
        return f"nested more than {MAX_DEPTH} deep"
    if _MAY_OVERFLOW.search(body) and _overflows(value):
        return "a number is too large"
    return None


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _deeper(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [child for each in level for child in _children(each)]
    return any(isinstance(each, dict | list) for each in level)


def _overflows(value: Any) -> bool:
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, float) and math.isinf(each):
            return True
        left += _children(each)
    return False


def _carries_json(scope: Scope) -> bool:
    if scope["method"] not in ("POST", "PUT", "PATCH"):
        return False
    kind = request.header(scope, b"content-type")
    return kind is None or b"json" in kind.lower()
