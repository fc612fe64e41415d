"""Sessions are looked for after their TTL, and once more where an attempt may have touched them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from loadtests.arrivals.conversation import ConversationPlan, turn_id
from loadtests.customers.customer import Customer
from loadtests.customers.turn import CustomerContext
from loadtests.generator import settings
from loadtests.generator.generator_stats import GeneratorStats
from loadtests.generator.player import Player
from loadtests.profiles.profile import Profile
from reports.records import AuditRecord, Record, RunClock
from tests.loadtests.conftest import Bench
from tests.loadtests.scripted_server import Step, reply

FOUND = reply(200, json.dumps({"userId": "u", "events": []}).encode())
GONE = reply(404, b"{}")


class Kept:
    """A recorder that keeps the reads."""

    def __init__(self) -> None:
        self.statuses: list[str] = []

    def write(self, record: Record) -> None:
        """Take one record."""
        if isinstance(record, AuditRecord):
            self.statuses.append(record.status)

    def append(self, file: str, lines: bytes) -> None:
        """Nobody reads them."""


@pytest.mark.parametrize(
    ("unsettled", "steps", "read"),
    [
        (False, (FOUND,), ["found"]),
        (True, (GONE,), ["gone"]),
        (True, (FOUND, GONE), ["found", "gone"]),
        (True, (FOUND, FOUND, GONE), ["found", "found"]),
    ],
)
def test_a_session_that_a_forgotten_attempt_may_have_kept_alive_is_looked_for_twice(
    bench: Callable[..., Bench],
    smoke: Profile,
    plan: ConversationPlan,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    unsettled: bool,
    steps: tuple[Step, ...],
    read: list[str],
) -> None:
    monkeypatch.setattr("loadtests.generator.player.GRACE_S", 0.01)
    started = bench(*steps)
    run = settings.parse(
        tmp_path / "run.json",
        {
            "schema_version": 1,
            "run_id": "0123456789ab",
            "origin": time.time(),
            "seed": 1,
            "app": "shopmax",
            "target": started.server.url,
            "ttl_seconds": 0.05,
            "profile": smoke.to_dict(),
        },
    )
    clock, kept = RunClock(time.time()), Kept()
    player = Player(run, run.target, clock, kept, lambda *_: None, lambda: None, planned=1)
    context = CustomerContext(started.service, clock, kept, run.profile.conversation)
    customer = Customer(plan, clock.now(), context, GeneratorStats())
    customer.last_touch = clock.now()
    if unsettled:
        customer.unsettled = frozenset({turn_id(plan.index, 0)})
    player._audit_expired(customer)
    player.stop()
    assert kept.statuses == read
