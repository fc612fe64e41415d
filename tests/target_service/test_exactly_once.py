"""Exactly once under kill, in small: `make prove-turns` does the same at length."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.prove import redis_kills, replica_faults, script, writers
from tests.prove.outcome import table
from tests.prove.proof_fleet import ProofFleet, Replica
from tests.prove.script import Reference

pytestmark = [pytest.mark.service, pytest.mark.slow]

SEED = 2026
ROUNDS = 2
WRITERS = 32
ADK_PATIENCE_S = 3.0


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProofFleet]:
    with ProofFleet(tmp_path_factory.mktemp("fleet")) as entered:
        yield entered


@pytest.fixture(scope="module")
def replicas(fleet: ProofFleet) -> list[Replica]:
    """Four replicas that are never killed."""
    return fleet.open_all("abcd")


@pytest.fixture(scope="module")
def references(replicas: list[Replica]) -> list[Reference]:
    return script.references(replicas, random.Random(SEED))


@pytest.mark.parametrize(("fault", "count"), [("killed", 6), ("frozen", 3)])
def test_a_turn_whose_replica_fails_happens_once_with_the_same_reply(
    fleet: ProofFleet,
    replicas: list[Replica],
    references: list[Reference],
    fault: replica_faults.Fault,
    count: int,
) -> None:
    outcome = replica_faults.prove(fleet, replicas, references, fault, count, SEED)
    print(table([outcome]))
    assert outcome.holds, table([outcome])
    assert outcome.turns == count
    assert outcome.attempts >= 2 * count  # each was repeated


def test_turns_under_kills_of_redis_happen_once_and_none_is_lost(
    fleet: ProofFleet, references: list[Reference]
) -> None:
    # Under `everysec` the server may lose its last acknowledged writes.
    fleet.flush("always")
    flushed = fleet.open_all("klmn", DIYA_DURABILITY="fsync")
    outcome = redis_kills.prove(fleet, flushed, references, 5, SEED, durability="fsync")
    print(table([outcome]))
    assert outcome.holds, table([outcome])
    assert outcome.attempts > outcome.turns > 0  # the kills were felt


def test_32_writers_over_four_replicas_lose_no_update_and_fork_no_session(
    fleet: ProofFleet, replicas: list[Replica]
) -> None:
    ours = writers.prove("32 writers, ours", replicas, WRITERS, ROUNDS, SEED)
    beside = writers.prove(
        "32 writers, ADK Redis",
        fleet.open_all("wxyz", DIYA_SESSIONS="adk-redis"),
        WRITERS,
        ROUNDS,
        SEED,
        patience_s=ADK_PATIENCE_S,
        shown_only=True,
    )
    print(table([ours, beside]))
    assert ours.holds, table([ours])
    # The same checks on a service that serialises nothing: they can see.
    assert not beside.holds
