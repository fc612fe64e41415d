"""The simulator against closed formulas of queueing theory."""

from __future__ import annotations

import math

import pytest

from loadtests.simulation.engine import SetUp, simulate
from tests.loadtests.simulation.helpers import calibration, single_turns

pytestmark = pytest.mark.slow

CPU_S = 0.02


DELAY_S = 1.0
"""Between two visits of a turn to its replica: so long that they find independent queues."""


def mean_wait(share: float, noise: str, seconds: float = 1500.0) -> float:
    """The simulated mean wait for a replica whose core is used by this share.

    A turn visits the replica four times, the first time with all of its work; each visit waits.
    """
    set_up = SetUp(
        load_s=seconds,
        ttl_s=60.0,
        only_turns=True,
        calibration=calibration(turn_cpu_s=CPU_S, redis_trip_s=DELAY_S),
    )
    talks = single_turns(share / CPU_S, seconds, 7, noise=noise, model_s=DELAY_S)
    _, statistics = simulate(set_up, talks)
    mean_s = sum(statistics.latencies) / len(statistics.latencies)
    return (mean_s - 3 * DELAY_S - CPU_S) / 4


@pytest.mark.parametrize("share", [0.3, 0.6, 0.8])
def test_constant_work_waits_as_in_an_m_d_1_queue(share: float) -> None:
    # Pollaczek and Khinchine: mean wait ρS / 2(1 - ρ) for constant work.
    expected = share * CPU_S / (2 * (1 - share))
    assert mean_wait(share, "none") == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.8])
def test_exponential_work_waits_as_in_an_m_m_1_queue(share: float) -> None:
    # Twice as long: ρS / (1 - ρ).
    expected = share * CPU_S / (1 - share)
    assert mean_wait(share, "exponential") == pytest.approx(expected, rel=0.08)


@pytest.mark.parametrize("cores", [None, 1], ids=["a core of its own", "shared cores"])
@pytest.mark.parametrize("after_s", [0.0, 0.02])
@pytest.mark.parametrize("rate", [5.0, 20.0])
def test_work_that_finds_an_idle_process_takes_its_waking_too(
    rate: float, after_s: float, cores: int | None
) -> None:
    # Arrivals see the mean (PASTA): of 4 visits a turn the share 1 - ρ finds the process idle, and
    # for τ or longer if nothing came in that time: ρ = rate · (S + 4 (1 - ρ) e^(-4·rate·τ) w).
    wake_s, seconds = 0.005, 600.0
    set_up = SetUp(
        load_s=seconds,
        ttl_s=60.0,
        only_turns=True,
        cores=cores,
        calibration=calibration(
            turn_cpu_s=CPU_S, redis_trip_s=DELAY_S, wake_cpu_s=wake_s, wakes_after_s=after_s
        ),
    )
    outcomes, _ = simulate(set_up, single_turns(rate, seconds, 7, model_s=DELAY_S))
    wakes_s = 4 * wake_s * math.exp(-4 * rate * after_s)
    expected = rate * (CPU_S + wakes_s) / (1 + rate * wakes_s)
    # Turns leave their first visit one after another, so that a few more find the process busy.
    assert outcomes.replica_share == pytest.approx(expected, rel=0.05)


def erlang_b(servers: int, load: float) -> float:
    """The share of arrivals that find all servers taken (Erlang 1917), by its recursion."""
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


@pytest.mark.parametrize(("limit", "load"), [(5, 3.0), (10, 10.0), (64, 64.0)])
def test_a_limit_of_turns_in_flight_refuses_as_erlang_says(limit: int, load: float) -> None:
    # The formula holds for any distribution of the service time, so for a constant one.
    model_s, seconds = 0.5, 15_000.0 / load
    set_up = SetUp(
        load_s=seconds,
        ttl_s=60.0,
        only_turns=True,
        calibration=calibration(in_flight_limit=limit),
        retries=False,
    )
    outcomes, _ = simulate(set_up, single_turns(load / model_s, seconds, 3, model_s=model_s))
    assert outcomes.refused / outcomes.attempts == pytest.approx(erlang_b(limit, load), rel=0.1)
    assert outcomes.most_in_flight == limit


@pytest.mark.parametrize("replicas", [1, 3])
def test_the_utilisation_law_holds(replicas: int) -> None:
    # Work per second = rate × work per turn (Denning and Buzen 1978).
    rate, seconds = 50.0, 400.0
    set_up = SetUp(
        load_s=seconds,
        ttl_s=60.0,
        only_turns=True,
        calibration=calibration(turn_cpu_s=0.015, redis_script_s=0.001),
        replicas=replicas,
    )
    outcomes, _ = simulate(set_up, single_turns(rate, seconds, 5))
    turns_per_s = outcomes.turns / outcomes.seconds
    assert outcomes.replica_share == pytest.approx(turns_per_s * 0.015 / replicas, rel=0.01)
    # A turn takes two scripts: begin and append.
    assert outcomes.redis_share == pytest.approx(turns_per_s * 0.002, rel=0.01)


def test_littles_law_holds() -> None:
    # Turns in flight = rate × time in the service (Little 1961).
    seconds = 800.0
    set_up = SetUp(
        load_s=seconds,
        ttl_s=60.0,
        only_turns=True,
        calibration=calibration(turn_cpu_s=CPU_S),
        sample_s=0.25,
        warm_up_s=10.0,
    )
    outcomes, statistics = simulate(set_up, single_turns(30.0, seconds, 9, model_s=0.2))
    mean_s = sum(statistics.latencies) / len(statistics.latencies)
    assert outcomes.in_flight == pytest.approx(outcomes.offered_per_s * mean_s, rel=0.04)


def test_shared_cores_are_shared_equally() -> None:
    # M/M/1 processor sharing has the mean of M/M/1 in order of arrival: S / (1 - ρ).  Many replicas
    # make each turn a process of its own.
    share, seconds = 0.6, 800.0
    set_up = SetUp(
        load_s=seconds,
        ttl_s=60.0,
        only_turns=True,
        calibration=calibration(turn_cpu_s=CPU_S),
        replicas=400,
        cores=1,
        deadline_s=600.0,
        attempt_timeout_s=600.0,
        sample_s=60.0,
    )
    talks = single_turns(share / CPU_S, seconds, 7, noise="exponential")
    _, statistics = simulate(set_up, talks)
    mean_s = sum(statistics.latencies) / len(statistics.latencies)
    assert mean_s == pytest.approx(CPU_S / (1 - share), rel=0.06)


def test_cores_enough_for_all_processes_change_nothing() -> None:
    def latencies(cores: int | None) -> list[float]:
        set_up = SetUp(
            load_s=100.0,
            ttl_s=60.0,
            only_turns=True,
            calibration=calibration(turn_cpu_s=CPU_S, redis_script_s=0.001),
            replicas=3,
            cores=cores,
        )
        _, statistics = simulate(set_up, single_turns(90.0, 100.0, 4, model_s=0.05))
        return list(statistics.latencies)

    own, shared = latencies(None), latencies(100)
    assert len(own) > 8000
    assert all(math.isclose(a, b, abs_tol=1e-6) for a, b in zip(own, shared, strict=True))
