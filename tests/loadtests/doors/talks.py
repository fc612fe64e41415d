"""Real servers with the other doors, and one customer who talks at a door."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from chaos.fleet.ports import free_port
from loadtests.adk.client import Client
from loadtests.arrivals import conversation
from loadtests.arrivals.conversation import ConversationPlan, Ending
from loadtests.customers.customer import Customer
from loadtests.customers.turn import CustomerContext
from loadtests.doors.opener import opener
from loadtests.generator.generator_stats import GeneratorStats
from loadtests.profiles import profile
from reports.records import (
    FILES,
    Arrival,
    AuditRecord,
    ConversationRecord,
    RecordWriter,
    RunClock,
    TurnRecord,
    from_json,
)
from tests import tools
from tests.target_service.processes import ROOT, wait_until

A2A_PACKAGES = ROOT / ".a2a"


@contextlib.contextmanager
def serving(module: str, *words: str, log: Path, asked: str = "/") -> Iterator[str]:
    """The address of a server of this folder, until the block ends."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    env = {**os.environ}
    if module == "a2a_server":
        if not (A2A_PACKAGES / "a2a").is_dir():
            tools.missing("no packages for an A2A server (make a2a)")
        env["PYTHONPATH"] = f"{A2A_PACKAGES}{os.pathsep}{env.get('PYTHONPATH', '')}"
    command = [sys.executable, "-m", f"tests.loadtests.doors.{module}", str(port), *words]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=output) as server,
    ):
        try:

            def answers() -> bool:
                assert server.poll() is None, log.read_text()
                with contextlib.suppress(httpx.HTTPError):
                    return httpx.get(f"{url}{asked}", timeout=2).status_code < 500
                return False

            wait_until(answers, 60, f"{module} answers")
            yield url
        finally:
            server.kill()


def plan(
    *messages: str,
    streaming: bool,
    name: str = "talk",
    ending: Ending = Ending.COMPLETE,
) -> ConversationPlan:
    """A conversation of these messages without pauses."""
    found = conversation.plan(profile.load("smoke"), Arrival(1, 0.0, "return", 1), name)
    return dataclasses.replace(
        found,
        user=f"u-{name}",
        session=f"s-{name}-{streaming}",
        messages=messages,
        think_seconds=(0.0,) * (len(messages) - 1),
        streaming=streaming,
        ending=ending,
    )


@dataclasses.dataclass
class Talk:
    """The records of one conversation."""

    turns: list[TurnRecord]
    audits: list[AuditRecord]
    conversation: ConversationRecord
    observed: list[tuple[str, str | None]]


def talk(door: str, url: str, plans: list[ConversationPlan], folder: Path) -> list[Talk]:
    """Play these conversations one after the other at one door."""
    clock = RunClock(time.time())
    client = Client(url, connections=2)
    found: list[Talk] = []
    with contextlib.closing(client):
        make = opener(door, url, client, "odd", clock)
        observed: list[tuple[str, str | None]] = []
        service = make(lambda name, seconds, size, error: observed.append((name, error)))
        for number, each in enumerate(plans):
            part = folder / str(number)
            part.mkdir(parents=True)
            with RecordWriter(part) as writer:
                limits = profile.load("smoke").conversation
                context = CustomerContext(service, clock, writer, limits)
                Customer(each, clock.now(), context, GeneratorStats()).play()
            turns, audits, records = (
                _records(part, kind) for kind in (TurnRecord, AuditRecord, ConversationRecord)
            )
            found.append(Talk(turns, audits, records[0], list(observed)))
            observed.clear()
    return found


def _records(folder: Path, kind: type[Any]) -> list[Any]:
    path = folder / FILES[kind]
    return (
        [from_json(kind, line) for line in path.read_bytes().splitlines()] if path.exists() else []
    )
