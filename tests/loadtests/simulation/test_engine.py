"""The engine: determinism, conservation, faults, retries, sessions in Redis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from loadtests.profiles import profile as profiles
from loadtests.profiles.profile import Profile
from loadtests.simulation import plans, play, steady
from loadtests.simulation.calibration import DEFAULT
from loadtests.simulation.engine import Engine, SetUp, simulate
from loadtests.simulation.faults import (
    Fault,
    KillReplica,
    RestartRedis,
    SlowModel,
    SlowRedis,
    windows,
)
from loadtests.simulation.plans import PlannedTalk
from loadtests.simulation.statistics import Outcomes, Statistics
from reports.records import Fate, Outcome


@pytest.fixture(scope="module")
def diwali() -> Profile:
    return profiles.load("diwali").scaled(0.3)


@pytest.fixture(scope="module")
def talks(diwali: Profile) -> list[PlannedTalk]:
    """Conversations from which a steady load draws."""
    return plans.library(diwali, 1, DEFAULT, size=500)


def at_rate(talks: Sequence[PlannedTalk], turns_per_s: float, **values: Any) -> Outcomes:
    """A steady load of 60 s, with a session's TTL of 30 s."""
    set_up = SetUp(**{"load_s": 60.0, "ttl_s": 30.0, **values})
    return steady.steady(set_up, talks, turns_per_s, 3)


def test_the_same_seed_simulates_the_same_turns(diwali: Profile) -> None:
    def latencies(seed: int) -> list[float]:
        set_up = play.set_up(diwali, DEFAULT, replicas=3, faults=[KillReplica(21.0)])
        return list(play.measure(set_up, diwali, seed)[1].latencies)

    assert latencies(4) == latencies(4)
    assert latencies(4) != latencies(5)


FAULTS: list[list[Fault]] = [
    [],
    [KillReplica(20.0, 1), KillReplica(30.0, 0)],
    [RestartRedis(20.0, 5.0)],
    [SlowModel(20.0, 20.0, 100.0), SlowRedis(30.0, 10.0, 1000.0)],
]


@pytest.mark.parametrize("faults", FAULTS)
@pytest.mark.parametrize(("cores", "most_open"), [(None, 4), (None, 10**9), (1, 10**9)])
def test_every_arrival_has_exactly_one_fate(
    diwali: Profile, faults: list[Fault], cores: int | None, most_open: int
) -> None:
    planned = list(plans.exact(diwali, 2, DEFAULT))
    set_up = play.set_up(diwali, DEFAULT, replicas=2, cores=cores, faults=faults)
    for ends in (False, True):
        set_up = replace(set_up, ends_with_load=ends, most_open=most_open)
        outcomes, _ = simulate(set_up, planned)
        assert sum(outcomes.fates.values()) == len(planned)
        assert (outcomes.fates.get(Fate.DROPPED, 0) > 0) == (most_open == 4)


@pytest.mark.parametrize("faults", FAULTS)
def test_every_acknowledged_turn_is_in_its_session_once(
    diwali: Profile, faults: list[Fault]
) -> None:
    acknowledged: dict[int, list[int]] = {}
    wrong: list[int] = []

    class Watch(Statistics):
        def turn(self, t: float, talk: Any, outcome: Outcome, *rest: Any) -> None:
            if talk.reopened is not None:
                acknowledged[talk.planned.index] = []
            if outcome is Outcome.OK:
                acknowledged.setdefault(talk.planned.index, []).append(talk.turn)

        def read(self, t: float, talk: Any, request: Any, reply: Any) -> None:
            known = acknowledged.get(talk.planned.index, [])
            if [turn for turn in request.history if turn in known] != known:
                wrong.append(talk.planned.index)
            assert len(set(request.history)) == len(request.history)

    counted, set_up = Statistics(), play.set_up(diwali, DEFAULT, replicas=2, faults=faults)
    Engine(set_up, plans.exact(diwali, 2, DEFAULT), counted, Watch(), None).run()
    assert len(acknowledged) > 300
    assert wrong == []


def test_a_killed_replica_resets_its_turns_and_comes_back(talks: list[PlannedTalk]) -> None:
    sound = at_rate(talks, 60.0, replicas=2)
    killed = at_rate(talks, 60.0, replicas=2, faults=[KillReplica(30.0, 1)])
    assert sound.again == 0
    assert 0 < killed.again < 40
    assert killed.error_share == 0.0
    # The lease of a killed turn lasts up to two seconds, and its customer waits for it.
    assert killed.longest_s is not None
    assert sound.longest_s is not None
    assert sound.longest_s < 1.0 < killed.longest_s < 6.0


def test_without_any_replica_the_customers_are_told_so(talks: list[PlannedTalk]) -> None:
    slow = msgspec.structs.replace(DEFAULT, start_s=40.0)
    killed = at_rate(talks, 20.0, calibration=slow, faults=[KillReplica(10.0)])
    assert killed.error_share > 0.1
    assert killed.outcomes[Outcome.INFO] > 0


def test_a_slow_model_is_waited_for_and_costs_no_cpu(talks: list[PlannedTalk]) -> None:
    fast = at_rate(talks, 30.0)
    slow = at_rate(talks, 30.0, faults=[SlowModel(0.001, 60.0, 10.0)])
    assert fast.p50_s is not None
    assert slow.p50_s is not None
    assert slow.p50_s > 7 * fast.p50_s
    assert slow.replica_share == pytest.approx(fast.replica_share, rel=0.1)


def test_a_model_with_a_quota_refuses_the_calls_above_it(talks: list[PlannedTalk]) -> None:
    limited = msgspec.structs.replace(DEFAULT, model_requests_per_min=600.0)
    refused = at_rate(talks, 30.0, calibration=limited)
    assert at_rate(talks, 30.0).error_share == 0.0
    assert refused.error_share > 0.1


def test_a_restart_of_redis_is_waited_for(talks: list[PlannedTalk]) -> None:
    restarted = at_rate(talks, 30.0, faults=[RestartRedis(30.0, 1.5)])
    assert restarted.error_share == 0.0
    assert restarted.longest_s is not None
    assert 1.4 < restarted.longest_s < 3.0


def test_a_redis_that_stays_away_is_given_up(talks: list[PlannedTalk]) -> None:
    away = at_rate(talks, 30.0, faults=[RestartRedis(10.0, 40.0)])
    assert away.error_share > 0.2


def plain(**values: Any) -> Any:
    """A service that executes a repeated turn again, and queues without a limit."""
    return msgspec.structs.replace(DEFAULT, exactly_once=False, in_flight_limit=10**6, **values)


@pytest.mark.slow
@pytest.mark.parametrize(("retries", "recovers"), [(True, False), (False, True)])
def test_retries_keep_an_overload_alive_after_its_cause_is_gone(
    talks: list[PlannedTalk], retries: bool, recovers: bool
) -> None:
    # 80 % of a core, and a model that hangs for 20 s: its turns all come back at once, take longer
    # than a customer waits, and are asked again and again (a metastable failure).
    hang: list[Fault] = [SlowModel(40.0, 20.0, 60.0)]
    set_up = SetUp(
        load_s=200.0,
        warm_up_s=150.0,
        ttl_s=600.0,
        calibration=plain(),
        attempt_timeout_s=1.5,
        deadline_s=120.0,
        retries=retries,
        faults=hang,
        ends_with_load=True,
    )
    rate = 0.8 / steady.cpu_per_turn(talks, DEFAULT)
    late = steady.steady(set_up, talks, rate, 3)
    calm = steady.steady(replace(set_up, faults=()), talks, rate, 3)
    assert calm.goodput_per_s > 0.97 * calm.offered_per_s
    if recovers:
        assert late.goodput_per_s > 0.97 * late.offered_per_s
    else:
        assert late.goodput_per_s < 0.5 * calm.goodput_per_s


def test_the_faults_of_a_run_have_ids_of_their_own() -> None:
    hit = windows([KillReplica(9.0), KillReplica(3.0, 1), RestartRedis(5.0, 1.0)], 2.0)
    assert [(w.id, w.target, w.start, w.end) for w in hit] == [
        ("kill-replica-1", "r02", 3.0, 5.0),
        ("restart-redis-1", "redis", 5.0, 6.0),
        ("kill-replica-2", "r01", 9.0, 11.0),
    ]
