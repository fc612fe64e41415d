"""The cost of a call of the model stand-in: `make bench-model`.

CPU seconds (user and system) of the stand-in's process, which runs on one core, for calls as ADK
makes them: an instruction, three tools, ten turns of history.  Half of the calls get a call of a
tool, the other half a text.  The requests come over eight connections, the next one on each as soon
as its answer is whole; nothing waits, because the latency is `none`.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psutil

from tests.bench.session_limits import Limit, judge
from tests.harness.command import ROOT

LIMIT_MS = 1.5
CALLS_PER_S = 500
_CONNECTIONS = 8
_WARM_UP = 40
"""Rounds of all connections that are not counted."""
_TURNS = 10
_INSTRUCTION = (
    'You are an agent. Your internal name is "shop". ' + "Help customers with their orders. " * 40
)
_TOOLS = ("track_order", "cancel_order", "refund_order")
_SCHEMA = {
    "type": "object",
    "properties": {
        "order_id": {"type": "string", "description": "the number of the order"},
        "express": {"type": "boolean"},
        "items": {"type": "array", "items": {"type": "integer"}},
    },
    "required": ["order_id"],
}
_QUESTION = "Where is my order ORD-58291, please, and when does it come to my house?"
_REPLY = "Your order ORD-58291 is on its way with Ekart and will reach you on April 8th. " * 2
_RESULT = {"order": "ORD-58291", "status": "shipped", "carrier": "Ekart", "eta": "April 8th"}

Request = tuple[str, dict[str, Any]]
"""Path and body."""


def gemini(method: str, *, answered: bool) -> Request:
    """A call of Gemini's API; `answered`: the tool has answered already."""
    asked = {"role": "user", "parts": [{"text": _QUESTION}]}
    called = {"functionCall": {"name": _TOOLS[0], "args": {"order_id": "ORD-58291"}}}
    told = {"functionResponse": {"name": _TOOLS[0], "response": _RESULT}}
    step = [{"role": "model", "parts": [called]}, {"role": "user", "parts": [told]}]
    turn = [asked, *step, {"role": "model", "parts": [{"text": _REPLY}]}]
    declared = [
        {"name": name, "description": f"{name} of a customer", "parametersJsonSchema": _SCHEMA}
        for name in _TOOLS
    ]
    body = {
        "contents": [*turn * _TURNS, asked, *(step if answered else [])],
        "systemInstruction": {"parts": [{"text": _INSTRUCTION}]},
        "tools": [{"functionDeclarations": declared}],
    }
    return f"/v1beta/models/gemini-2.5-flash:{method}", body


def openai(*, stream: bool, answered: bool) -> Request:
    """A call of chat completions; `answered`: the tool has answered already."""
    asked = {"role": "user", "content": _QUESTION}
    function = {"name": _TOOLS[0], "arguments": '{"order_id": "ORD-58291"}'}
    called = {"id": "call_1", "type": "function", "function": function}
    step: list[dict[str, Any]] = [
        {"role": "assistant", "content": None, "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "call_1", "content": json.dumps(_RESULT)},
    ]
    turn = [asked, *step, {"role": "assistant", "content": _REPLY}]
    described = [
        {"name": name, "description": f"{name} of a customer", "parameters": _SCHEMA}
        for name in _TOOLS
    ]
    body = {
        "model": "gpt-4o-mini",
        "messages": [
            {"role": "system", "content": _INSTRUCTION},
            *(turn * _TURNS),
            asked,
            *(step if answered else []),
        ],
        "tools": [{"type": "function", "function": each} for each in described],
        "stream": stream,
    }
    return "/v1/chat/completions", body


KINDS = {
    "Gemini": [gemini("generateContent", answered=each) for each in (False, True)],
    "Gemini, streamed": [
        gemini("streamGenerateContent?alt=sse", answered=each) for each in (False, True)
    ],
    "OpenAI": [openai(stream=False, answered=each) for each in (False, True)],
    "OpenAI, streamed": [openai(stream=True, answered=each) for each in (False, True)],
}


class Line:
    """A connection that is kept, with as little work as possible on this side."""

    def __init__(self, url: str) -> None:
        where = urlsplit(url)
        self._socket = socket.create_connection((where.hostname or "", where.port or 0), 30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> None:
        """Send a whole request."""
        self._socket.sendall(request)

    def receive(self) -> None:
        """Read a whole answer.  Raises RuntimeError when it is not 200."""
        heard = b""
        while not _whole(heard):
            piece = self._socket.recv(1 << 16)
            if not piece:
                raise RuntimeError("the stand-in closed the connection")
            heard += piece
        if not heard.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(heard[:500].decode("latin-1"))


def _whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    _, found, rest = head.lower().partition(b"content-length:")
    if not found:
        return body.endswith(b"0\r\n\r\n")
    return len(body) >= int(rest.split(b"\r\n", 1)[0])


def raw(request: Request, key: str) -> bytes:
    """The bytes of a request."""
    path, body = request
    text = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: stand-in\r\ncontent-type: application/json\r\n"
        f"x-goog-api-key: {key}\r\nauthorization: Bearer {key}\r\ncontent-length: {len(text)}\r\n"
    )
    return head.encode() + b"\r\n" + text


def rounds(requests: list[Request]) -> Iterator[list[bytes]]:
    """The requests of all connections, one round after another."""
    prepared = [
        [raw(request, f"diya-r{number:02}") for number in range(_CONNECTIONS)]
        for request in requests
    ]
    while True:
        yield from prepared


def measure(
    url: str, process: psutil.Process, requests: list[Request], calls: int
) -> tuple[float, float]:
    """CPU milliseconds of a call, and calls a second."""
    lines = [Line(url) for _ in range(_CONNECTIONS)]
    count, before, begun = 0, process.cpu_times(), time.perf_counter()
    for number, each in enumerate(rounds(requests)):
        if number == _WARM_UP:
            count, before, begun = 0, process.cpu_times(), time.perf_counter()
        if count >= calls and number > _WARM_UP:
            break
        for line, request in zip(lines, each, strict=True):
            line.send(request)
        for line in lines:
            line.receive()
        count += len(lines)
    took = time.perf_counter() - begun
    after = process.cpu_times()
    used = after.user + after.system - before.user - before.system
    return 1000 * used / count, count / took


def main() -> int:
    """Start the stand-in, measure, judge; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.model", description=__doc__)
    parser.add_argument("--calls", type=int, default=4000, help="calls of each kind")
    args = parser.parse_args()
    process = subprocess.Popen(
        [sys.executable, "-m", "target_service.stand_in", "--latency", "none", "--tools", "all"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    limits, dearest = [], 0.0
    try:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        watched = psutil.Process(process.pid)
        *others, own = sorted(os.sched_getaffinity(0))
        watched.cpu_affinity([own])
        os.sched_setaffinity(0, others or [own])
        print(f"{args.calls:,} calls of each kind; the stand-in has one core\n")
        print(f"{'calls':<24}{'request':>12}{'CPU a call':>14}{'calls a second':>18}")
        for kind, requests in KINDS.items():
            cpu, rate = measure(url, watched, requests, args.calls)
            size = sum(len(json.dumps(body)) for _, body in requests) / len(requests) / 1024
            print(f"{kind:<24}{size:>9.1f} kB{cpu:>11.2f} ms{rate:>18,.0f}")
            limits.append(Limit(f"CPU of a call, {kind}", cpu, LIMIT_MS, " ms"))
            dearest = max(dearest, cpu)
    finally:
        process.terminate()
        process.wait(30)
    # By its CPU, because other programs on the machine take time from the rate on the clock.
    cores = CALLS_PER_S * dearest / 1000
    limits.append(Limit(f"{CALLS_PER_S} calls a second of the dearest kind", cores, 1.0, " cores"))
    return 0 if judge(limits) else 1


if __name__ == "__main__":
    sys.exit(main())
