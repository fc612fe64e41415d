"""The trace of a turn: its requests carry it, its record names it, and no other request has one."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from pathlib import Path

import gevent
import pytest
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from loadtests.adk import tracing
from loadtests.arrivals.conversation import ConversationPlan
from loadtests.customers.customer import Customer
from loadtests.customers.turn import CustomerContext
from loadtests.generator.generator_stats import GeneratorStats
from loadtests.profiles.profile import Profile
from reports.records import FILES, RecordWriter, TurnRecord, from_json
from reports.records.tracing import span_id, trace_id, traceparent
from tests.loadtests.conftest import Bench
from tests.loadtests.scripted_server import CLOSE, Step, agent_reply, reply, text_event

WHOLE = agent_reply(text_event("On its way."))
CREATED = reply(200, b"{}")
SESSION = reply(200, json.dumps({"userId": "u", "events": []}).encode())

Play = Callable[..., tuple[Bench, list[TurnRecord]]]


@pytest.fixture
def play(
    bench: Callable[..., Bench], smoke: Profile, plan: ConversationPlan, tmp_path: Path
) -> Play:
    """`play(run_id, *steps)`: a customer of three turns against those steps."""

    def run(run_id: str | None, *steps: Step) -> tuple[Bench, list[TurnRecord]]:
        started = bench(*steps)
        with RecordWriter(tmp_path) as writer:
            context = CustomerContext(
                started.service, started.clock, writer, smoke.conversation, traced_run=run_id
            )
            Customer(plan, started.clock.now(), context, GeneratorStats()).play()
        lines = (tmp_path / FILES[TurnRecord]).read_bytes().splitlines()
        return started, [from_json(TurnRecord, line) for line in lines]

    return run


def test_every_attempt_of_a_turn_carries_the_trace_that_its_record_names(play: Play) -> None:
    promise = reply(503, x_diya_outcome="not-run")
    started, turns = play("run1", CREATED, promise, CLOSE, WHOLE, WHOLE, WHOLE, SESSION)
    sent = [request.headers.get("traceparent") for request in started.server.requests]
    first, second, third = (traceparent("run1", turn.turn_id) for turn in turns)
    assert sent == [None, first, first, first, second, third, None]
    assert len({first, second, third}) == 3
    assert [turn.trace for turn in turns] == [each[3:35] for each in (first, second, third)]


def test_a_run_without_traces_sends_no_header_and_names_none(play: Play) -> None:
    started, turns = play(None, CREATED, WHOLE, WHOLE, WHOLE, SESSION)
    assert all("traceparent" not in request.headers for request in started.server.requests)
    assert [turn.trace for turn in turns] == [None] * 3


def test_open_telemetry_reads_the_header_as_a_sampled_remote_parent() -> None:
    context = TraceContextTextMapPropagator().extract({"traceparent": traceparent("run1", "c0t0")})
    parent = trace.get_current_span(context).get_span_context()
    assert parent.is_valid
    assert parent.is_remote
    assert parent.trace_flags.sampled
    assert f"{parent.trace_id:032x}" == trace_id("run1", "c0t0")
    assert f"{parent.span_id:016x}" == span_id("run1", "c0t0")


def test_the_ids_differ_between_turns_and_between_runs() -> None:
    found = {trace_id(run, turn) for run in ("a", "b") for turn in ("c0t0", "c0t1", "c1t0")}
    assert len(found) == 6
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in found)


def test_two_customers_at_once_do_not_see_each_others_trace() -> None:
    seen: dict[str, str] = {}

    def talk(name: str) -> None:
        with tracing.carried("run1", name):
            gevent.sleep(0)
            seen[name] = tracing.header()
        seen[f"{name} after"] = tracing.header()

    def both() -> None:
        gevent.joinall([gevent.spawn(talk, "c0t0"), gevent.spawn(talk, "c1t0")])

    # A thread has a hub of its own, as the generator's process has.
    thread = threading.Thread(target=both)
    thread.start()
    thread.join()
    for name in ("c0t0", "c1t0"):
        assert seen[name] == f"traceparent: {traceparent('run1', name)}\r\n"
        assert seen[f"{name} after"] == ""
