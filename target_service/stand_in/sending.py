"""Sends a reply as fast as its plan says, whole or in pieces, or broken as a fault wants it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from target_service.stand_in import tokens
from target_service.stand_in.asked import Asked, Frame, Usage
from target_service.stand_in.call import Call
from target_service.stand_in.call_log import Entry
from target_service.stand_in.dialects import Api
from target_service.stand_in.exchange import Exchange
from target_service.stand_in.latency import Plan
from target_service.stand_in.pieces import half
from target_service.stand_in.reply import Reply
from target_service.stand_in.upstream import Request, Upstream

_SSE = b"text/event-stream"
_JSON = b"application/json; charset=UTF-8"

Ending = Literal["whole", "cut", "unfinished", "garbage"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply that is about to be sent."""

    asked: Asked
    reply: Reply
    usage: Usage
    unique: str
    """Its id, which no other answer has."""


def usage(call: Call, reply: Reply) -> Usage:
    """The tokens of a reply."""
    output = tokens.of_text(reply.text)
    output += tokens.of_value(reply.calls) if reply.calls else 0
    return Usage(call.prompt_tokens, output, tokens.of_text(reply.thought))


async def whole(
    exchange: Exchange, api: Api, answer: Answer, ending: Ending, plan: Plan, arrived: float
) -> bool:
    """Send the reply in one piece, after its whole time.  False: it was cut.  Raises HungUp."""
    body = api.whole(*_parts(answer, ending), finished=ending != "unfinished")
    await exchange.wait_until(arrived + plan.took_s)
    if ending == "cut":
        await exchange.begin(200, _JSON, len(body))
        await exchange.piece(body[: len(body) // 2])
        return False
    await exchange.answer(200, body[: len(body) // 2] if ending == "garbage" else body)
    return True


async def stream(
    exchange: Exchange, api: Api, answer: Answer, ending: Ending, plan: Plan, arrived: float
) -> bool:
    """Send the reply piece by piece.  False: it was cut.  Raises HungUp."""
    await exchange.wait_until(arrived + plan.first_token_s)
    await exchange.begin(200, _SSE if answer.asked.sse else _JSON)
    finished = ending not in ("unfinished", "cut")
    for frame in _damaged(api.frames(*_parts(answer, ending), finished=finished), ending):
        await exchange.wait_until(arrived + plan.after(frame.tokens))
        await exchange.piece(frame.data)
    if ending == "cut":
        return False
    await exchange.piece(b"", last=True)
    return True


async def forward(
    exchange: Exchange, upstream: Upstream, request: Request, call: Call, entry: Entry
) -> None:
    """Pass a call on to the real model, and its answer back as it arrives.

    Raises HungUp, and OSError when the real model cannot be reached.
    """
    answer = await upstream.forward(request, call)
    entry.status = answer.status
    await exchange.begin(answer.status, answer.content_type.encode("latin-1"))
    async for chunk in answer.chunks:
        await exchange.piece(chunk)
    await exchange.piece(b"", last=True)
    if answer.reply is not None:
        entry.answer = "call" if answer.reply.calls else "text"
        entry.names = [each.name for each in answer.reply.calls]
        entry.source = "recorded"
        counted = usage(call, answer.reply)
        entry.output_tokens = counted.output + counted.thoughts
        if answer.reply.delays is not None:
            entry.first_token_s = answer.reply.delays.first_token_s
            entry.took_s = answer.reply.delays.whole_s


def _parts(answer: Answer, ending: Ending) -> tuple[Asked, Reply, Usage, str]:
    """What is rendered: of a reply that ends too early only its first half."""
    reply = answer.reply
    if ending in ("cut", "unfinished") and reply.text:
        reply = replace(reply, text=half(reply.text), calls=())
    return answer.asked, reply, answer.usage, answer.unique


def _damaged(frames: Iterator[Frame], ending: Ending) -> Iterator[Frame]:
    """The pieces of a stream; with `garbage` the first one is half of its JSON."""
    for number, frame in enumerate(frames):
        if ending == "garbage" and number == 0:
            end = b"\r\n\r\n" if frame.data.endswith(b"\r\n\r\n") else b"\n\n"
            yield replace(frame, data=frame.data[: len(frame.data) // 2] + end)
            return
        yield frame
