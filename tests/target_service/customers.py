"""Customers for the tests: many at once over real HTTP; each sends every request exactly once."""

from __future__ import annotations

import asyncio
import json
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from tests.target_service.processes import body

_CLIENTS = 20


@dataclass(frozen=True)
class Attempt:
    """One request and its result."""

    what: str
    began: float
    """`time.monotonic()` seconds."""
    took: float
    """Seconds to the whole response."""
    status: int
    """0: no response."""
    headers: httpx.Headers
    error: str = ""

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return self.status == 200 and not self.error


@dataclass
class Crowd:
    """A client for many customers; every attempt is written down, and none is sent again."""

    url: str
    attempts: list[Attempt] = field(default_factory=list)

    async def __aenter__(self) -> Crowd:
        # httpx looks through all its connections for each request: hundreds share them in parts.
        self._clients = [
            httpx.AsyncClient(base_url=self.url, timeout=20, trust_env=False, verify=False)
            for _ in range(_CLIENTS)
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self._clients:
            await client.aclose()

    async def create(self, user: str, session: str) -> Attempt:
        """Create a session."""
        path = f"/apps/shopmax/users/{user}/sessions"
        return await self._send(user, "create", path, {"sessionId": session})

    async def turn(
        self, user: str, session: str, text: str, turn_id: str, *, streaming: bool = False
    ) -> Attempt:
        """Run a turn; a stream must end with a complete event."""
        wanted = body(user, session, text, turn_id)
        if streaming:
            return await self._send(user, "/run_sse", "/run_sse", {**wanted, "streaming": True})
        return await self._send(user, "/run", "/run", wanted)

    async def turn_ids(self, user: str, session: str) -> list[str]:
        """The turns in a session's history, each once for every unbroken row of its events."""
        answer = await self._client(user).get(f"/apps/shopmax/users/{user}/sessions/{session}")
        row: list[str] = []
        for event in answer.json()["events"]:
            turn = event["customMetadata"]["turn_id"]
            if not row or row[-1] != turn:
                row.append(turn)
        return row

    async def converse(self, user: str, think_s: float, ended: Callable[[], bool]) -> list[str]:
        """Turns of one session, one after the other, until `ended`; the ids of all that were sent.

        Every third is a stream.
        """
        sent: list[str] = []
        await self.create(user, "s")
        while not ended():
            sent.append(f"t{len(sent)}")
            text = "Where is my order ORD-58291?" if len(sent) == 1 else "When will it arrive?"
            await self.turn(user, "s", text, sent[-1], streaming=len(sent) % 3 == 0)
            await asyncio.sleep(think_s)
        return sent

    def _client(self, user: str) -> httpx.AsyncClient:
        return self._clients[zlib.crc32(user.encode()) % _CLIENTS]

    async def _send(self, user: str, what: str, path: str, content: object) -> Attempt:
        began = time.monotonic()
        status, headers, error = 0, httpx.Headers(), ""
        try:
            answer = await self._client(user).post(path, json=content)
            status, headers = answer.status_code, answer.headers
            error = _stream_error(answer) if what == "/run_sse" else ""
        except httpx.TransportError as problem:
            error = type(problem).__name__
        attempt = Attempt(what, began, time.monotonic() - began, status, headers, error)
        self.attempts.append(attempt)
        return attempt


def percentile(values: list[float], share: float) -> float:
    """The smallest value that at least this share of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def _stream_error(answer: httpx.Response) -> str:
    if answer.status_code != 200:
        return ""
    events = [json.loads(line[6:]) for line in answer.text.splitlines() if line[:6] == "data: "]
    if not events or events[-1].get("partial"):
        return "the stream was cut"
    return str(events[-1].get("error", ""))
