"""Passes calls on to the real model and keeps what it says, for a replay.

The user's key goes from the agent's request, or from this process's environment, to the real model
and nowhere else.
"""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from target_service.stand_in.call import Call, Dialect, Item
from target_service.stand_in.replies import kept, spoken
from target_service.stand_in.replies.errors import RepliesError
from target_service.stand_in.replies.kept import KeptAnswer
from target_service.stand_in.reply import Delays
from target_service.stand_in.upstream import Forwarded, Request

if TYPE_CHECKING:
    import httpx  # a tenth of a second, for recording only

_REAL: dict[Dialect, str] = {
    "gemini": "https://generativelanguage.googleapis.com",
    "openai": "https://api.openai.com",
}
_KEYS: dict[Dialect, tuple[str, ...]] = {
    "gemini": ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
    "openai": ("OPENAI_API_KEY",),
}
"""Where this process finds the user's key, when the agent has the stand-in's."""
_OWN_KEY = "diya"
"""How the keys begin that the stand-in gives to agents."""
_NOT_PASSED_ON = frozenset(
    (
        *(b"host", b"content-length", b"accept-encoding", b"connection", b"keep-alive", b"te"),
        *(b"transfer-encoding", b"upgrade", b"proxy-authorization", b"proxy-connection"),
        *(b"authorization", b"x-goog-api-key", b"api-key"),
    )
)
_TIMEOUT_S = 600.0
_CONNECT_TIMEOUT_S = 10.0


class Recorder:
    """An upstream: the real model, and the folder that keeps its replies."""

    def __init__(
        self, directory: Path, base: str | None = None, environ: Mapping[str, str] = os.environ
    ) -> None:
        """`base`: the address of the real model; None: that of Google or OpenAI.

        Raises RepliesError when the folder cannot be made or the address is none.
        """
        if base is not None and urlsplit(base).scheme not in ("http", "https"):
            raise RepliesError(f"--record-from: must be an http or https address, got {base!r}")
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RepliesError(
                f"--record: must be a folder that can be made, got {str(directory)!r}: "
                f"{error.strerror}"
            ) from None
        self._directory = directory
        self._base = base
        self._keys = {
            dialect: next((environ[name] for name in names if environ.get(name)), "")
            for dialect, names in _KEYS.items()
        }
        self._answers: set[str] = set()
        self._client: httpx.AsyncClient | None = None

    async def forward(self, request: Request, call: Call) -> Forwarded:
        """The answer of the real model to this request, kept when it has ended well.

        Raises ConnectionError when the model cannot be reached.
        """
        import httpx

        if self._client is None:
            # No redirects: a key must not follow one to another host.  No connection is kept: none
            # is left open at the end, and the measured time does not begin before the request.
            timeout = httpx.Timeout(_TIMEOUT_S, connect=_CONNECT_TIMEOUT_S)
            limits = httpx.Limits(max_keepalive_connections=0)
            self._client = httpx.AsyncClient(timeout=timeout, limits=limits)
        self._keep_answers(call)
        url, headers = self._address(request, call)
        clock = _Clock()
        sent = self._client.build_request(
            request.method,
            url,
            headers=headers,
            content=request.body,
            extensions={"trace": clock.trace},
        )
        try:
            response = await self._client.send(sent, stream=True)
        except httpx.HTTPError as error:
            host = urlsplit(url).netloc
            raise ConnectionError(
                f"the real model at {host} cannot be reached: {type(error).__name__}"
            ) from None
        content_type = response.headers.get("content-type", "application/json")
        forwarded = Forwarded(response.status_code, content_type, _nothing())
        forwarded.chunks = self._passed_on(response, forwarded, call, clock)
        return forwarded

    async def _passed_on(
        self, response: httpx.Response, forwarded: Forwarded, call: Call, clock: _Clock
    ) -> AsyncIterator[bytes]:
        import httpx

        body, first = bytearray(), 0.0
        try:
            async for chunk in response.aiter_bytes():
                first = first or clock.elapsed()
                body += chunk
                yield chunk
        except httpx.HTTPError as error:
            raise ConnectionError(
                f"the real model broke off its answer: {type(error).__name__}"
            ) from None
        finally:
            await response.aclose()
        if forwarded.status != 200:
            return  # the message of an error may quote the key
        said = spoken.reply(call.dialect, forwarded.content_type, bytes(body))
        if said is None:
            return
        delays = Delays(first, clock.elapsed())
        forwarded.reply = replace(said, source="recorded", delays=delays)
        line = kept.described(
            call.agent, call.messages, call.steps, said, delays.first_token_s, delays.whole_s
        )
        kept.append(self._directory / kept.REPLIES, line)

    def _address(self, request: Request, call: Call) -> tuple[str, list[tuple[bytes, bytes]]]:
        """The address at the real model, and the headers, with the user's key in one of them."""
        base = (self._base or _REAL[call.dialect]).rstrip("/")
        if request.path.startswith("/v1/"):
            base = base.removesuffix("/v1")
        query = urlencode([each for each in parse_qsl(request.query) if each[0] != "key"])
        headers = [each for each in request.headers if each[0].lower() not in _NOT_PASSED_ON]
        # An address may be logged by anybody, a header by nobody: the key goes into the header.
        key = call.caller
        if not key or key.startswith(_OWN_KEY):
            key = self._keys[call.dialect]
        names = {each[0].lower() for each in request.headers if each[1]}
        if key and b"authorization" in names:
            headers.append((b"authorization", f"Bearer {key}".encode("latin-1")))
        elif key:
            name = b"api-key" if b"api-key" in names else b"x-goog-api-key"  # Azure, or Google
            headers.append((name, key.encode("latin-1")))
        headers.append((b"accept-encoding", b"identity"))
        return f"{base}{request.path}{'?' if query else ''}{query}", headers

    def _keep_answers(self, call: Call) -> None:
        """Keep what the tools answered since the last message, each answer once."""
        asked: list[Item] = []
        for item in call.since_message:
            if item.kind == "call":
                asked.append(item)
            elif item.kind == "result" and (found := _call_of(item, asked)) is not None:
                asked.remove(found)
                line = KeptAnswer(found.name, dict(found.value or {}), item.value)
                if repr(line) not in self._answers:
                    self._answers.add(repr(line))
                    kept.append(self._directory / kept.ANSWERS, line)


class _Clock:
    """The time since a request was sent, without that for its connection."""

    def __init__(self) -> None:
        self._started = time.perf_counter()

    async def trace(self, event: str, _: Mapping[str, Any]) -> None:
        """Called by httpx for each of its steps."""
        if event.endswith("send_request_headers.started"):
            self._started = time.perf_counter()

    def elapsed(self) -> float:
        """Seconds."""
        return time.perf_counter() - self._started


def _call_of(result: Item, asked: list[Item]) -> Item | None:
    """The call that a result answers: by its id, else by its name."""
    for each in asked:
        if result.call_id and each.call_id == result.call_id:
            return each
    return next((each for each in asked if each.name == result.name), None)


async def _nothing() -> AsyncIterator[bytes]:
    for chunk in list[bytes]():
        yield chunk
