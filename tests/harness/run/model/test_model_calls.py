"""The calls of a stand-in beside a target are copied into the run directory, in run time."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chaos.fleet.stand_in_control import StandInControl
from harness.errors import ConfigError
from harness.run.model.model_calls import ModelCalls
from reports.records import RecordWriter

TOKEN = "a-token-that-is-kept-nowhere"
STARTED = 1_793_500_000.0
"""When the stand-in began to count, Unix epoch seconds."""


class Beside:
    """A stand-in of which only the log of calls is there."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.url = ""

    def add(self, *times: float) -> None:
        self.calls += [{"t": t, "done": t + 0.5, "caller": "r01", "status": 200} for t in times]


@pytest.fixture
def beside() -> Iterator[Beside]:
    with _serving(Beside()) as found:
        yield found


@contextlib.contextmanager
def _serving(beside: Beside) -> Iterator[Beside]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.headers["authorization"] == f"Bearer {TOKEN}"
            after = int(parse_qs(urlsplit(self.path).query)["after"][0])
            told = {"next": len(beside.calls), "origin": STARTED, "calls": beside.calls[after:]}
            body = json.dumps(told).encode()
            self.send_response(200 if known else 401)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    beside.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield beside
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def copied(run_dir: Path) -> list[float]:
    """The times of the calls in the run directory."""
    path = run_dir / "model-calls.jsonl"
    return [json.loads(line)["t"] for line in path.read_text().splitlines()]


def test_only_calls_of_this_run_are_copied_and_in_its_time(tmp_path: Path, beside: Beside) -> None:
    beside.add(1.0, 2.0)
    with RecordWriter(tmp_path) as records:
        # The run began 100 s after the stand-in.
        calls = ModelCalls(StandInControl(beside.url, TOKEN), records, STARTED + 100)
        calls.start()
        assert calls.count() == 0
        beside.add(103.5)
        assert calls.count() == 1
        beside.add(104.25)
        assert calls.stop() is None
    assert copied(tmp_path) == [3.5, 4.25]
    assert TOKEN not in (tmp_path / "model-calls.jsonl").read_text()


def test_a_stand_in_that_was_started_again_is_read_from_its_beginning(
    tmp_path: Path, beside: Beside
) -> None:
    beside.add(1.0, 2.0, 3.0)
    with RecordWriter(tmp_path) as records:
        calls = ModelCalls(StandInControl(beside.url, TOKEN), records, STARTED)
        calls.start()
        beside.calls.clear()
        beside.add(9.0)
        assert calls.stop() is None
    assert copied(tmp_path) == [9.0]


def test_a_stand_in_that_is_gone_at_the_end_is_told(tmp_path: Path) -> None:
    with RecordWriter(tmp_path) as records:
        with _serving(Beside()) as found:
            calls = ModelCalls(StandInControl(found.url, TOKEN), records, STARTED)
            calls.start()
        said = calls.stop()
    assert said is not None
    assert "calls of the model may be missing in the records" in said


def test_a_wrong_token_is_refused_without_being_shown(tmp_path: Path, beside: Beside) -> None:
    with RecordWriter(tmp_path) as records:
        calls = ModelCalls(StandInControl(beside.url, "wr0ng-t0ken"), records, STARTED)
        with pytest.raises(ConfigError, match=r"--model-url http.*answered 401") as refused:
            calls.start()
    assert "wr0ng" not in str(refused.value)
