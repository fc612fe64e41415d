"""Calls that are passed on to a real model: the answer comes back as it is, and is logged."""

from __future__ import annotations

import http.client
from collections.abc import AsyncIterator

import pytest

from target_service.stand_in.call import Call
from target_service.stand_in.reply import Delays, Reply, ToolCall
from target_service.stand_in.upstream import Forwarded, Request
from tests.target_service.stand_in import servers
from tests.target_service.stand_in.test_server import ASKED, STREAM

SAID = Reply(calls=(ToolCall("track_order", {"id": 1}),), delays=Delays(0.25, 1.5))
CHUNKS = (b'data: {"real": 1}\r\n\r\n', b'data: {"real": 2}\r\n\r\n')


class Real:
    """A real model in the words of the tests."""

    def __init__(self, status: int = 200, error: OSError | None = None, after: int = 2) -> None:
        """`error` comes after so many chunks, or instead of an answer when there are none."""
        self._status = status
        self._error = error
        self._after = after
        self.seen: list[Request] = []

    async def forward(self, request: Request, call: Call) -> Forwarded:
        """The answer."""
        self.seen.append(request)
        if self._error is not None and not self._after:
            raise self._error
        made = Forwarded(self._status, "text/event-stream", self._nothing())
        made.chunks = self._chunks(made)
        return made

    async def _chunks(self, made: Forwarded) -> AsyncIterator[bytes]:
        for chunk in CHUNKS[: self._after]:
            yield chunk
        if self._error is not None:
            raise self._error
        made.reply = SAID

    async def _nothing(self) -> AsyncIterator[bytes]:
        return
        yield b""


def test_the_answer_comes_back_as_it_is_and_is_logged() -> None:
    real = Real()
    with servers.running(upstream=real) as client:
        answer = client.ask("POST", f"{STREAM}?alt=sse", ASKED, {"x-goog-api-key": "a-real-key"})
        (call,) = client.calls()
    assert answer.body == b"".join(CHUNKS)
    assert answer.headers["content-type"] == "text/event-stream"
    assert (call["answer"], call["names"], call["source"]) == ("call", ["track_order"], "recorded")
    assert (call["first_token_s"], call["took_s"], call["status"]) == (0.25, 1.5, 200)
    assert call["done"] is not None
    (request,) = real.seen
    assert (request.path, request.query) == (STREAM, "alt=sse")
    assert dict(request.headers)[b"x-goog-api-key"] == b"a-real-key"
    assert "a-real-key" not in repr(request)
    assert "a-real-key" not in str(call)


def test_an_error_of_the_real_model_is_passed_on() -> None:
    with servers.running(upstream=Real(status=429, after=1)) as client:
        assert client.ask("POST", STREAM, ASKED).status == 429
        assert client.calls()[0]["status"] == 429


def test_a_real_model_that_cannot_be_reached_is_an_error_of_the_api() -> None:
    real = Real(error=ConnectionError("no route"), after=0)
    with servers.running(upstream=real) as client:
        answer = client.ask("POST", STREAM, ASKED)
        assert (answer.status, answer.json["error"]["status"]) == (503, "UNAVAILABLE")
        assert "no route" in answer.json["error"]["message"]
        (call,) = client.calls()
    assert (call["status"], call["answer"]) == (503, "error")


def test_a_real_model_that_breaks_off_breaks_the_answer_off() -> None:
    real = Real(error=ConnectionError("gone"), after=1)
    with servers.running(upstream=real) as client:
        with pytest.raises(http.client.IncompleteRead):
            client.ask("POST", STREAM, ASKED)
        (call,) = client.calls()
    assert (call["done"], call["status"]) == (None, 200)
