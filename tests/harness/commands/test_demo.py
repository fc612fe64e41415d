"""The founding story, played for real."""

from __future__ import annotations

import pytest

from tests.harness import command

pytestmark = pytest.mark.service


def test_a_conversation_begun_on_replica_a_continues_on_replica_b() -> None:
    finished = command.run("demo", "--redis", "bundled")
    assert finished.returncode == 0, finished.stderr
    said = [line for line in finished.stdout.splitlines() if not line.startswith("Customer")]
    beginnings = [
        "Agent running with Redis-backed session storage",
        "Redis connection: True",
        "Session created: ",
        "Replica A: I can help you track order ORD-58291. ",
        "Session persisted in Redis: True",
        "Replica B: Based on your order ORD-58291, the expected delivery is April 8th",
    ]
    assert len(said) == len(beginnings)
    for line, beginning in zip(said, beginnings, strict=True):
        assert line.startswith(beginning), line
