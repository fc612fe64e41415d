"""A dead replica or shard shows although the percentile of the whole run is within its limit."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from reports.checks import run_checks
from reports.records import Finding, Outcome, Status
from tests.reports.a_run import Conversation, Run

Slow = Callable[[Conversation, int], bool]


def served(
    slow: Slow, *, conversations: int = 600, turns: int = 5, outcome: Outcome = Outcome.OK
) -> Run:
    """Five turns a conversation, ten conversations a second; `slow` ones take 4 s."""
    run = Run(load_end=100.0)
    for number in range(conversations):
        conversation = run.conversation(start=6.0 + number / 10)
        for turn in range(turns):
            is_slow = slow(conversation, turn)
            conversation.turn(
                outcome=outcome if is_slow else Outcome.OK, took=4.0 if is_slow else 0.2
            )
    return run


def gates(run: Run, tmp_path: Path) -> dict[str, Finding]:
    found = {finding.check: finding for finding in run_checks(run.history(tmp_path))}
    assert found["latency.steady_p99"].status is not Status.FAIL, "the percentile must be fine"
    return found


def test_customers_of_a_dead_shard_are_seen(tmp_path: Path) -> None:
    found = gates(served(lambda c, _: c.index % 120 == 7), tmp_path)["latency.customers"]
    assert (found.status, found.value) == (Status.FAIL, 5)
    assert "conversation 7, turn c7t0: ok after 4.00 s" in found.evidence[0]


def test_customers_of_a_dead_shard_that_came_together_are_seen(tmp_path: Path) -> None:
    found = gates(served(lambda c, _: 300 <= c.index < 305), tmp_path)["latency.customers"]
    assert (found.status, found.value) == (Status.FAIL, 5)


def test_two_customers_of_a_small_run_are_enough(tmp_path: Path) -> None:
    run = served(lambda c, _: c.index in (30, 90), conversations=200, turns=2)
    found = gates(run, tmp_path)["latency.customers"]
    assert (found.status, found.value, found.limit) == (Status.FAIL, 2, 1)


def test_one_customer_alone_is_no_shard(tmp_path: Path) -> None:
    run = served(lambda c, _: c.index == 30)
    assert gates(run, tmp_path)["latency.customers"].status is Status.PASS


def test_unanswered_customers_of_a_dead_shard_are_seen(tmp_path: Path) -> None:
    run = served(lambda c, _: c.index % 120 == 7, outcome=Outcome.INFO)
    assert gates(run, tmp_path)["latency.customers"].status is Status.FAIL


@pytest.mark.parametrize("seed", range(10))
def test_slow_turns_spread_by_chance_convict_no_part(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    found = gates(served(lambda *_: chance.random() < 0.009), tmp_path)
    assert found["latency.customers"].status is Status.PASS
    assert found["latency.replica"].status is Status.PASS


@pytest.mark.parametrize("seed", range(10))
def test_a_short_slow_time_of_all_customers_convicts_no_part(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)

    def slow(conversation: Conversation, turn: int) -> bool:
        at = conversation.turns[-1].done + 1.0 if turn else conversation.start
        return 40.0 < at < 42.0 and chance.random() < 0.25

    found = gates(served(slow), tmp_path)
    assert found["latency.customers"].status is Status.PASS
    assert found["latency.replica"].status is Status.PASS


def test_a_journey_that_is_slow_by_itself_is_no_dead_shard(tmp_path: Path) -> None:
    run = served(lambda c, _: c.index % 120 == 7)
    for conversation in run.conversations:
        journey = "refund" if conversation.index % 120 == 7 else "order"
        conversation.turns = [
            msgspec.structs.replace(turn, journey=journey) for turn in conversation.turns
        ]
    assert gates(run, tmp_path)["latency.customers"].status is Status.FAIL
    run.journeys = {"order": 9, "refund": 1}
    assert gates(run, tmp_path)["latency.customers"].status is Status.PASS


def test_a_replica_that_answers_few_turns_and_all_of_them_slowly_is_seen(tmp_path: Path) -> None:
    def slow(conversation: Conversation, turn: int) -> bool:
        return (conversation.index * 5 + turn) % 150 == 0

    run = served(slow)
    for conversation in run.conversations:
        conversation.turns = [
            msgspec.structs.replace(turn, replica="r13") if turn.latency > 1 else turn
            for turn in conversation.turns
        ]
    found = gates(run, tmp_path)["latency.replica"]
    assert (found.status, found.value) == (Status.FAIL, 1.0)
    assert "r13" in found.summary


def test_a_run_without_a_slow_turn_has_no_such_gate(tmp_path: Path) -> None:
    assert (
        not {"latency.customers", "latency.replica"}
        & gates(served(lambda *_: False, conversations=50), tmp_path).keys()
    )
