"""Turns become spans at a collector; a collector that is gone costs spans and nothing else."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from chaos.fleet.ports import free_port
from harness.live import spans
from harness.live.exporter import HEADERS_VARIABLE, Exporter
from reports.records import Outcome, TurnRecord
from reports.records.run_description import RunDescription
from reports.records.tracing import span_id, trace_id
from tests.harness.command import wait_until
from tests.harness.live.collector import attributes, collector

ORIGIN = 1795827969.25
RUN = RunDescription(
    schema_version=1, run_id="run1", origin=ORIGIN, seed=7, profile={"name": "tiny"}, ttl_seconds=30
)


def turn(number: int = 0, **values: Any) -> TurnRecord:
    fields: dict[str, Any] = {
        "conversation": 3,
        "turn": number,
        "turn_id": f"c3t{number}",
        "journey": "order",
        "due": 10.0,
        "sent": 10.25,
        "first_token": 10.5,
        "done": 11.0,
        "outcome": Outcome.OK,
        "attempts": 1,
        "replica": "r01",
        "message": "m",
        "reply": "r",
        "seen": None,
        "status": 200,
    }
    return TurnRecord(**{**fields, **values})


def test_a_span_lasts_from_the_intended_time_to_the_end_of_the_turn() -> None:
    span = spans.span(RUN, turn())
    assert span["traceId"] == trace_id("run1", "c3t0")
    assert span["spanId"] == span_id("run1", "c3t0")
    assert span["startTimeUnixNano"] == "1795827979250000000"
    assert span["endTimeUnixNano"] == "1795827980250000000"
    assert [(each["name"], each["timeUnixNano"][-12:]) for each in span["events"]] == [
        ("sent", "979500000000"),
        ("first token", "979750000000"),
    ]
    assert attributes(span) == {
        "diya.conversation": "3",
        "diya.turn": "0",
        "diya.turn.id": "c3t0",
        "diya.outcome": "ok",
        "diya.attempts": "1",
        "diya.replica": "r01",
        "http.response.status_code": "200",
    }
    assert "status" not in span


def test_a_turn_without_an_answer_is_an_error_with_its_reason() -> None:
    span = spans.span(RUN, turn(outcome=Outcome.FAIL, error="HTTP 503", first_token=None))
    assert span["status"] == {"code": 2, "message": "HTTP 503"}
    assert attributes(span)["error.message"] == "HTTP 503"
    assert [each["name"] for each in span["events"]] == ["sent"]


def test_the_request_has_the_form_that_open_telemetry_publishes() -> None:
    failed = turn(1, outcome=Outcome.INFO, error="no answer", status=None, replica=None)
    body = spans.request(RUN, [turn(), failed])
    # OTLP writes ids as hexadecimal digits where the general form has base64.
    for span in body["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        for name in ("traceId", "spanId"):
            span[name] = base64.b64encode(bytes.fromhex(span[name])).decode()
    read = json_format.ParseDict(body, ExportTraceServiceRequest())
    first, second = read.resource_spans[0].scope_spans[0].spans
    assert first.trace_id.hex() == trace_id("run1", "c3t0")
    assert first.kind == first.SPAN_KIND_CLIENT
    assert first.end_time_unix_nano - first.start_time_unix_nano == 10**9
    assert [event.name for event in first.events] == ["sent", "first token"]
    assert second.status.code == second.status.STATUS_CODE_ERROR


def test_every_turn_arrives_once_with_the_headers_of_the_environment() -> None:
    with collector() as server:
        environment = {HEADERS_VARIABLE: "x-api-key=open%20sesame,x-team=sale"}
        exporter = Exporter(f"{server.url}/v1/traces", RUN, environment)
        exporter.add([turn(number) for number in range(1200)])
        exporter.close(20)
        assert (exporter.sent, exporter.lost) == (1200, 0)
        assert len({span["spanId"] for span in server.spans}) == len(server.spans) == 1200
        assert set(server.paths) == {"/v1/traces"}
        assert server.headers[0]["x-api-key"] == "open sesame"
        assert server.headers[0]["x-team"] == "sale"
        assert server.resource["service.name"] == "diya"
        assert server.resource["diya.run.id"] == "run1"


def test_a_collector_that_is_busy_gets_the_same_spans_again() -> None:
    with collector() as server:
        server.answers[:] = [503, 429]
        exporter = Exporter(server.url, RUN, {})
        exporter.add([turn()])
        exporter.close(20)
        assert (exporter.sent, exporter.lost) == (1, 0)
        assert len(server.paths) == 3
        assert len(server.spans) == 1


def test_spans_that_a_collector_refuses_are_counted_and_not_sent_again() -> None:
    with collector() as server:
        server.answers[:] = [400]
        exporter = Exporter(server.url, RUN, {})
        exporter.add([turn()])
        exporter.close(20)
        assert (exporter.sent, exporter.lost, exporter.why) == (0, 1, "HTTP 400")
        assert len(server.paths) == 1


def test_a_collector_that_is_gone_delays_nobody_and_loses_the_spans() -> None:
    url = f"http://127.0.0.1:{free_port()}/v1/traces"
    exporter = Exporter(url, RUN, {HEADERS_VARIABLE: "key=secret"})
    begun = time.thread_time()
    exporter.add([turn(number) for number in range(25_000)])
    exporter.add([turn(1)])
    assert time.thread_time() - begun < 5
    wait_until(lambda: exporter.why != "", 30, "an attempt")
    exporter.close(0.2)
    assert exporter.sent == 0
    assert exporter.lost == 25_001
    assert exporter.why == "Connection refused"


def test_a_redirect_to_another_address_is_not_followed() -> None:
    with collector() as server:
        server.answers[:] = [307]
        exporter = Exporter(server.url, RUN, {})
        exporter.add([turn()])
        exporter.close(20)
        assert exporter.lost == 1
        assert server.spans == []


def test_a_header_that_http_does_not_allow_loses_the_spans_and_tells_no_value() -> None:
    with collector() as server:
        exporter = Exporter(server.url, RUN, {HEADERS_VARIABLE: "authorization=S3CRET%0A"})
        exporter.add([turn()])
        exporter.close(20)
        assert (exporter.sent, exporter.lost) == (0, 1)
        assert exporter.why == f"{HEADERS_VARIABLE} has a header that HTTP does not allow"


@pytest.mark.parametrize("text", ["", "novalue", ","])
def test_headers_that_are_none_are_left_out(text: str) -> None:
    with collector() as server:
        exporter = Exporter(server.url, RUN, {HEADERS_VARIABLE: text})
        exporter.add([turn()])
        exporter.close(20)
        assert exporter.sent == 1
