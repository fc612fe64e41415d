"""Stand-ins for tests: in a process of its own, or in a thread with replies of the test."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from target_service.stand_in import latency, serve
from target_service.stand_in.call import Call
from target_service.stand_in.call_log import CallLog
from target_service.stand_in.reply import Reply, ToolCall
from target_service.stand_in.server import StandIn
from tests.harness.command import ROOT, wait_until

TOKEN = "a-token-of-the-tests"
KEY = "diya-r01"
TEXT = (
    "Your order ORD-58291 left our warehouse in Pune on Monday and travels with Ekart; it will "
    "reach you on April 8th, before the lamps are lit."
)
_PATIENCE_S = 30.0


class Answer(NamedTuple):
    """A response over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Client:
    """Plain HTTP to a stand-in, and its control."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request on a connection of its own; `body` is bytes, or a value sent as JSON."""
        raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection = self.connect()
        try:
            connection.request(method, path, raw, {"x-goog-api-key": KEY, **(headers or {})})
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        finally:
            connection.close()

    def connect(self) -> http.client.HTTPConnection:
        """A connection of its own."""
        where = urlsplit(self.url)
        return http.client.HTTPConnection(where.hostname or "", where.port, timeout=_PATIENCE_S)

    def control(self, method: str, name: str, body: Any = None) -> Any:
        """The JSON answer of the control, which must be 200."""
        headers = {"authorization": f"Bearer {self.token}"}
        answer = self.ask(method, f"/_diya/{name}", body, headers)
        assert answer.status == 200, answer
        return answer.json

    def set_faults(self, **values: float) -> None:
        """Replace the faults."""
        self.control("POST", "faults", values)

    def calls(self, after: int = 0) -> list[dict[str, Any]]:
        """The logged calls."""
        found: list[dict[str, Any]] = self.control("GET", f"calls?after={after}")["calls"]
        return found

    def next_calls(self, count: int = 1) -> list[dict[str, Any]]:
        """So many calls from the end of the log; waits for them."""
        wait_until(lambda: len(self.calls()) >= count, _PATIENCE_S, "the calls are logged")
        return self.calls()[-count:]


class Process(Client):
    """`python -m target_service.stand_in` with these options."""

    def __init__(self, *options: str, env: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "target_service.stand_in", *options],
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self._process.communicate()
        told = json.loads(line)
        super().__init__(told["url"], told.get("token", ""))

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send the signal; its exit code, and all that it wrote to stderr."""
        self._process.send_signal(number)
        _, errors = self._process.communicate(timeout=_PATIENCE_S)
        return self._process.returncode, errors

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


class Answers:
    """Replies for tests: a call of the only tool first, then a text; JSON where it is wanted."""

    def __init__(self, instead: Callable[[Call], Reply] | None = None) -> None:
        """`instead` makes all replies."""
        self._instead = instead

    def reply(self, call: Call) -> Reply:
        """The reply."""
        if self._instead is not None:
            return self._instead(call)
        results = [item.value for item in call.since_message if item.kind == "result"]
        if call.schema is not None:
            return Reply(text='{"order_id": "ORD-58291", "amount": 12.5}', source="script")
        if call.tools and call.tool_choice != "none" and not results:
            arguments = {"order_id": "ORD-58291"}
            calls = tuple(ToolCall(tool.name, arguments) for tool in call.tools)
            return Reply(calls=calls, source="script")
        told = f"The tool says {json.dumps(results[-1])}." if results else TEXT
        return Reply(text=told)


@contextlib.contextmanager
def running(
    reply: Callable[[Call], Reply] | None = None,
    *,
    speed: str = "none",
    log: Path | None = None,
    **parts: Any,
) -> Iterator[Client]:
    """A stand-in in a thread, with these replies; those of `Answers` by default."""
    replies = Answers(reply)
    app = StandIn(
        latency=latency.parse(speed), log=CallLog(log), token=TOKEN, replies=replies, **parts
    )
    bound = serve.listen("127.0.0.1:0")
    listens = threading.Event()
    server = serve.server(app, listens.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    assert listens.wait(_PATIENCE_S)
    try:
        yield Client(serve.url_of(bound), TOKEN)
    finally:
        server.should_exit = True
        thread.join(_PATIENCE_S)
        app.close()
        assert not thread.is_alive()
