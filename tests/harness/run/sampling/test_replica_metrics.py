"""Metrics of replicas and Redis, read from real servers, some of which do not answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from chaos.fleet.redis_server import RedisServer
from harness.run.directory.record_tail import Tail
from harness.run.sampling.replica_metrics import ReplicaMetrics, read
from harness.run.sampling.sampler import Sampler
from reports.records import RecordWriter, RunClock, Sample
from tests.harness.command import wait_until

TEXT = (
    "# TYPE diya_turns_in_flight gauge\ndiya_turns_in_flight 7\n"
    "diya_turns_in_flight_limit 64\n"
    'diya_turns_total{result="ok"} 40\ndiya_turns_total{result="overloaded"} 3\n'
    "diya_session_cache_hits_total 9\ndiya_event_loop_lag_seconds 0.250000\n"
    "diya_model_calls_total 80\ndiya_model_seconds_total 12.500000\n"
)
VALUES = {
    "in_flight": 7.0,
    "in_flight_limit": 64.0,
    "ok": 40.0,
    "overloaded": 3.0,
    "loop_lag_s": 0.25,
    "model_calls": 80.0,
    "model_s": 12.5,
}


class At:
    """A replica on this port."""

    def __init__(self, port: int) -> None:
        self.port = port


@contextmanager
def serving(status: int) -> Iterator[tuple[At, list[str]]]:
    """A replica that answers with this status, and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(TEXT.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield At(server.server_port), asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def test_the_numbers_of_a_replica_are_read_from_its_metrics() -> None:
    assert read(TEXT) == VALUES
    assert read("<html>hello</html>") == {}


@pytest.mark.parametrize(
    ("page", "values"),
    [
        ("diya_event_loop_lag_seconds 4.2e-05\n", {"loop_lag_s": 4.2e-05}),
        ('diya_turns_total{result="ok"} 1.2345678e+07\n', {"ok": 12345678.0}),
        ("diya_model_seconds_total NaN\ndiya_turns_in_flight +Inf\n", {}),
        ('diya_turns_total{shop="one"} 3\nother_turns_total 4\n', {}),
        ("diya_turns_in_flight 7\ndiya_turns_in_flight seven\n", {}),
    ],
)
def test_a_number_may_have_any_form_of_prometheus_and_must_be_finite(
    page: str, values: dict[str, float]
) -> None:
    assert read(page) == values


@given(st.one_of(st.text(), st.text('diya_turns{}="\\#\n 0e,TYPEHL')))
def test_any_page_of_another_service_is_passed_over(page: str) -> None:
    assert all(isinstance(value, float) for value in read(page).values())


def test_a_frozen_replica_does_not_keep_the_others_from_being_read() -> None:
    taken: dict[str, dict[str, float]] = {}
    with socket.create_server(("127.0.0.1", 0)) as frozen, serving(200) as (well, _):
        replicas = {"r01": At(frozen.getsockname()[1]), "r02": well}
        metrics = ReplicaMetrics(replicas, taken.__setitem__)
        metrics.start()
        wait_until(lambda: "service:r02" in taken, 20, "the metrics of the other")
        metrics.stop()
    assert taken == {"service:r02": VALUES}


def test_a_service_without_such_metrics_is_asked_once() -> None:
    taken: dict[str, dict[str, float]] = {}
    with serving(404) as (replica, asked):
        metrics = ReplicaMetrics({"r01": replica}, taken.__setitem__)
        metrics.start()
        wait_until(lambda: bool(asked), 20, "one request")
        wait_until(lambda: not _asking("metrics-r01"), 20, "the end of the asking")
        metrics.stop()
    assert (taken, asked) == ({}, ["/metrics"])


def _asking(name: str) -> bool:
    return any(thread.name == name for thread in threading.enumerate())


@pytest.mark.service
def test_the_sampler_records_the_cpu_of_redis_and_its_slow_commands(tmp_path: Path) -> None:
    server = RedisServer("bundled", tmp_path / "redis")
    server.start()
    server.wait_ready()
    secret = "a-customers-name"
    loop = "local n = 0 for i = 1, tonumber(ARGV[1]) do n = n + 1 end return n"

    def samples(source: str) -> list[Sample]:
        return [s for s in Tail(tmp_path, Sample).read() if s.source == source]

    def told() -> list[Sample]:
        return [s for s in samples("redis") if "cpu_percent" in s.values]

    try:
        with RecordWriter(tmp_path) as writer, redis.Redis.from_url(server.url) as client:
            clock = RunClock(0.0)
            sampler = Sampler(writer, clock, lambda: [server.url], {})
            sampler.start()
            wait_until(lambda: bool(told()), 30, "the CPU of Redis")
            client.eval(loop, 1, secret, 20_000_000)
            wait_until(lambda: any(s.values["cpu_percent"] > 5 for s in told()), 30, "its work")
            ended = clock.now()
            sampler.stop()
        (slow,) = samples("slowlog:EVAL")
        assert slow.values["ms"] > 10
        assert ended - 60 < slow.t <= ended
        assert samples("latency:command")
        assert secret not in (tmp_path / "samples.jsonl").read_text()
        assert samples("redis")[0].values["maxclients"] > 0
    finally:
        server.close()
        assert server.wait_ended(10)
