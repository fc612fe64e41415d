"""A small honest ADK API server: sessions in memory with a sliding TTL, replies with a witness.

`python -m tests.loadtests.fake_adk TTL_SECONDS` serves on a free port of 127.0.0.1 and prints it.
With `--hang` it never answers a turn, and says so.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from reports.records import chain, digest

HEADERS = {"x-diya-replica": "r00"}


class Sessions:
    """Sessions that die `ttl` seconds after their last use."""

    def __init__(self, ttl: float) -> None:
        self._ttl = ttl
        self._held: dict[str, tuple[float, list[dict[str, Any]]]] = {}

    def use(self, key: str) -> list[dict[str, Any]] | None:
        """The events of a live session, its TTL renewed."""
        expires, events = self._held.get(key, (0.0, []))
        if time.monotonic() >= expires:
            self._held.pop(key, None)
            return None
        self._held[key] = (time.monotonic() + self._ttl, events)
        return events

    def create(self, key: str) -> bool:
        """False when it exists."""
        if self.use(key) is not None:
            return False
        self._held[key] = (time.monotonic() + self._ttl, [])
        return True

    def delete(self, key: str) -> None:
        """Forget it."""
        self._held.pop(key, None)


def _event(author: str, text: str, metadata: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "author": author,
        "content": {"parts": [{"text": text}]},
        "customMetadata": metadata,
        **more,
    }


def build(ttl: float, *, hang: bool = False) -> FastAPI:
    """The app; with `hang` no turn is ever answered."""
    app = FastAPI()
    sessions = Sessions(ttl)
    path = "/apps/{name}/users/{user}/sessions"

    def missing() -> Response:
        return JSONResponse({"detail": "Session not found"}, 404, HEADERS)

    @app.post(path)
    async def create(name: str, user: str, request: Request) -> Response:
        session = (await request.json())["sessionId"]
        if not sessions.create(session):
            return JSONResponse({"detail": "exists"}, 409, HEADERS)
        return JSONResponse({"id": session, "userId": user, "events": []}, 200, HEADERS)

    @app.get(path + "/{session}")
    async def read(name: str, user: str, session: str) -> Response:
        events = sessions.use(session)
        if events is None:
            return missing()
        return JSONResponse({"id": session, "userId": user, "events": events}, 200, HEADERS)

    @app.delete(path + "/{session}")
    async def delete(name: str, user: str, session: str) -> Response:
        sessions.delete(session)
        return JSONResponse(None, 200, HEADERS)

    def take_turn(body: dict[str, Any], events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        metadata = body["customMetadata"]
        text = body["newMessage"]["parts"][0]["text"]
        events.append(_event("user", text, metadata))
        shown = [e["content"]["parts"][0]["text"] for e in events if e["author"] == "user"]
        seen = [len(shown), chain(digest(message) for message in shown)]
        answer = f"You wrote: {text}"
        events.append(_event("agent", answer, {**metadata, "diya_seen": seen}))
        return events[-1:]

    async def read_turn(request: Request) -> Any:
        body = await request.json()
        if hang:
            print("a turn hangs", flush=True)
            await asyncio.Event().wait()
        return body

    @app.post("/run")
    async def run(request: Request) -> Response:
        body = await read_turn(request)
        events = sessions.use(body["sessionId"])
        if events is None:
            return missing()
        return JSONResponse(take_turn(body, events), 200, HEADERS)

    @app.post("/run_sse")
    async def run_sse(request: Request) -> Response:
        body = await read_turn(request)
        events = sessions.use(body["sessionId"])
        if events is None:
            return missing()

        async def stream() -> AsyncIterator[str]:
            partial = _event("agent", "You", body["customMetadata"], partial=True)
            yield f"data: {json.dumps(partial)}\n\n"
            await asyncio.sleep(0.05)
            for event in take_turn(body, events):
                yield f"data: {json.dumps(event)}\n\n"

        return StreamingResponse(stream(), 200, HEADERS, media_type="text/event-stream")

    return app


if __name__ == "__main__":
    # With the protocol named, asyncio sees TCP and turns Nagle off; else replies come 40 ms late.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(
        build(float(sys.argv[1]), hang="--hang" in sys.argv), log_level="warning"
    )
    uvicorn.Server(config).run([listener])
