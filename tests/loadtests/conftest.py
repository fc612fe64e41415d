"""Shared by the tests of the load engine: plans, a service over a scripted server."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from loadtests.adk.client import Client
from loadtests.adk.service import Service
from loadtests.arrivals import conversation
from loadtests.arrivals.conversation import ConversationPlan
from loadtests.profiles import profile
from loadtests.profiles.profile import Profile
from reports.records import Arrival, RunClock
from tests.loadtests.scripted_server import ScriptedServer, Step, serving


@dataclasses.dataclass
class Bench:
    """A service as the load engine sees it, and the server behind it."""

    service: Service
    server: ScriptedServer
    clock: RunClock
    observed: list[tuple[str, str | None]]


@pytest.fixture
def smoke() -> Profile:
    """The profile `smoke`, impatient: attempts of 0.5 s, turns of 3 s."""
    loaded = profile.load("smoke")
    talk = dataclasses.replace(loaded.conversation, attempt_timeout_s=0.5, deadline_s=3.0)
    return dataclasses.replace(loaded, conversation=talk)


@pytest.fixture
def plan(smoke: Profile) -> ConversationPlan:
    """Some conversation of three turns without streaming."""
    for index in range(1000):
        found = conversation.plan(smoke, Arrival(index, 0.0, "return", index), "0123456789ab")
        if len(found.messages) == 3 and not found.streaming:
            return found
    raise AssertionError("no such conversation among the first thousand")


@pytest.fixture
def bench() -> Iterator[Callable[..., Bench]]:
    """`bench(*steps)`: a service whose server takes those steps."""
    with ExitStack() as stack:

        def start(*steps: Step) -> Bench:
            server = stack.enter_context(serving(*steps))
            client = Client(server.url, connections=4)
            stack.callback(client.close)
            observed: list[tuple[str, str | None]] = []
            clock = RunClock(time.time())

            def observe(name: str, seconds: float, size: int, error: str | None) -> None:
                observed.append((name, error))

            return Bench(Service(client, "shopmax", clock, observe), server, clock, observed)

        yield start
