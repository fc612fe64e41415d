"""ASGI middleware: `POST …/sessions` with events creates the session with all of them, or nothing.

ADK's server creates the session and then appends each event separately.  A replica that dies in
between leaves a part of a conversation, and a repeated request fails because the session exists.
"""

from __future__ import annotations

import json
import re

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from google.adk.errors.already_exists_error import AlreadyExistsError
from starlette.types import ASGIApp, Receive, Scope, Send

from target_service.sessions import pending_session
from target_service.turns import request

_PATH = re.compile(r"/apps/[^/]+/users/[^/]+/sessions/?")


class InitialEvents:
    """Tells the session service how many events a new session has."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with the number of its events in `pending_session.current`."""
        if not _creates(scope):
            await self._app(scope, receive, send)
            return
        body = await request.read_body(receive)
        count = _events_in(body)
        token = pending_session.current.set(pending_session.Initial(count) if count else None)
        try:
            await self._app(scope, request.replay(body, receive), send)
        finally:
            pending_session.current.reset(token)


def add(app: FastAPI) -> None:
    """Make the creation of a session with events atomic."""
    app.add_middleware(InitialEvents)
    app.add_exception_handler(AlreadyExistsError, _taken)


def _creates(scope: Scope) -> bool:
    """Whether a request creates a session."""
    return (
        scope["type"] == "http"
        and scope["method"] == "POST"
        and _PATH.fullmatch(scope["path"]) is not None
    )


def _events_in(body: bytes) -> int:
    if b'"events"' not in body:
        return 0
    try:
        events = json.loads(body)["events"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return 0  # ADK answers with the error
    return len(events) if isinstance(events, list) else 0


async def _taken(_: Request, error: Exception) -> Response:
    """Another request created it between ADK's check and the write: answer as ADK's check does."""
    return JSONResponse({"detail": str(error)}, status_code=409)
