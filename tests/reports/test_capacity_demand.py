"""The demand of a turn, from the records of simulated services with known costs."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

import pytest

from reports.capacity.demand import measure_demand
from reports.capacity.findings import Demand
from reports.capacity.knee import predicted_knee
from reports.capacity.limiting import IN_FLIGHT, REDIS, REPLICA
from reports.figures.figure import Figure
from reports.figures.least_squares import fitted, ratio
from reports.figures.students_t import t_95
from reports.records.errors import HistoryError
from reports.records.history import History
from reports.records.run_description import RunDescription
from tests.reports.model_cost import a_log
from tests.validate.capacity.service import Load, Service
from tests.validate.capacity.written import played

SEEDS = range(4)


@cache
def demand(service: Service, seed: int, rate: float = 12.0) -> Demand:
    return measure_demand(played(service, Load(rate, seconds=60.0, seed=seed)))


def holds(figure: Figure, value: float) -> bool:
    assert figure.low is not None
    assert figure.high is not None
    return figure.low <= value <= figure.high


def test_the_cost_of_a_turn_is_within_3_percent() -> None:
    service = Service(cpu_s=0.02, redis_s=0.002)
    for seed in SEEDS:
        found = demand(service, seed)
        assert found.replica_cpu_s.value == pytest.approx(0.02, rel=0.03)
        assert found.redis_s.value == pytest.approx(0.002, rel=0.03)
        assert found.model_calls.value == pytest.approx(2.0, rel=0.03)
        assert found.model_s.value == pytest.approx(0.167, rel=0.05)


def at_two_loads(service: Service, seed: int) -> Demand:
    load = Load(12.0, seconds=84.0, seed=seed, think_s=1.0, alternating=(7.0, 2.6))
    return measure_demand(played(service, load))


def test_a_turn_that_takes_less_of_a_busy_core_is_seen_and_the_knee_foreseen_from_it() -> None:
    waking = Service(cpu_s=0.02, wake_s=0.006)
    for seed in SEEDS:
        found = at_two_loads(waking, seed)
        low, busy = found.replica_cpu_s, found.busy
        assert busy is not None
        assert busy.cpu_s.value is not None
        assert low.value is not None
        assert low.high is not None
        assert 0.026 < low.value < 0.032  # two pieces of work that mostly wake the core
        assert 0.02 < busy.cpu_s.value < 0.97 * low.value
        assert busy.turns_per_s > 1.4 * busy.low_turns_per_s
        assert busy.share == pytest.approx(busy.turns_per_s * busy.cpu_s.value, rel=0.02)
        assert predicted_knee(found).rate.value == pytest.approx(1 / busy.cpu_s.value)


def test_at_two_loads_a_turn_that_takes_the_same_is_measured_as_at_one() -> None:
    service = Service(cpu_s=0.01, earlier_s=0.005, open_s=0.02, spread=0.1)
    found = at_two_loads(service, 1)
    assert found.busy is not None
    assert found.busy.cpu_s.value == pytest.approx(found.replica_cpu_s.value, rel=0.06)
    assert found.replica_cpu_per_earlier_turn_s.value == pytest.approx(0.005, rel=0.3)
    assert found.by_kind_cpu_s["open"].value == pytest.approx(0.03, rel=0.25)


def test_at_one_load_nothing_is_said_about_another() -> None:
    assert demand(Service(), 1).busy is None


@pytest.mark.slow
def test_most_intervals_hold_the_true_cost() -> None:
    service = Service(cpu_s=0.02)
    held = sum(holds(demand(service, seed).replica_cpu_s, 0.02) for seed in range(10, 25))
    assert held >= 12


def test_the_cost_of_earlier_turns_and_of_the_opening_is_told_apart() -> None:
    service = Service(cpu_s=0.01, earlier_s=0.005, open_s=0.02, spread=0.1)
    found = demand(service, 1, 20.0)
    assert found.replica_cpu_base_s.value == pytest.approx(0.01, rel=0.25)
    assert found.replica_cpu_per_earlier_turn_s.value == pytest.approx(0.005, rel=0.25)
    assert found.by_kind_cpu_s["open"].value == pytest.approx(0.03, rel=0.25)
    assert set(found.by_kind_cpu_s) == {"open", "text"}


def test_a_value_that_was_not_sampled_is_unknown() -> None:
    found = demand(Service(), 1)
    assert found.redis_bytes.value is None
    assert found.others_cpu_s.value is None


def test_the_latency_and_the_length_of_conversations_are_measured() -> None:
    found = demand(Service(), 2)
    assert found.latency_s.value == pytest.approx(0.2, rel=0.1)
    assert found.turns_per_conversation == pytest.approx(2.5, rel=0.1)


@pytest.mark.parametrize(
    ("service", "limit", "knee", "resource"),
    [
        (Service(cpu_s=0.02), None, 50.0, REPLICA),
        (Service(cpu_s=0.005, redis_s=0.02), None, 50.0, REDIS),
        (Service(cpu_s=0.005), 6, 34.0, IN_FLIGHT),
    ],
)
def test_the_first_full_resource_is_predicted(
    service: Service, limit: int | None, knee: float, resource: str
) -> None:
    found = measure_demand(played(service, Load(12.0, seconds=60.0, seed=5)), limit)
    predicted = predicted_knee(found)
    assert predicted.limited_by == resource
    assert predicted.rate.value == pytest.approx(knee, rel=0.05)
    assert holds(predicted.rate, predicted.rate.value or 0.0)


def test_a_run_without_answers_has_no_demand(tmp_path: Path) -> None:
    empty = RunDescription(schema_version=1, origin=0.0, ttl_seconds=30.0)
    with pytest.raises(HistoryError, match="must hold answered turns"):
        measure_demand(History(name="empty", run=empty))


def test_the_calls_and_tokens_of_a_turn_are_those_of_the_stand_in_s_log(tmp_path: Path) -> None:
    made = a_log.run(12, 4)
    found = measure_demand(a_log.history(made, tmp_path, a_log.log(made)))
    assert found.model_calls.value == pytest.approx(2)
    (use,) = found.model_use
    assert use.model == a_log.MODEL
    assert use.prompt_tokens.value == pytest.approx(3000)
    assert measure_demand(made.history(tmp_path)).model_use == ()


def test_least_squares_find_the_coefficients_and_their_intervals() -> None:
    inside = 0
    for seed in range(100):
        draw = random.Random(seed)
        rows = [[draw.uniform(5, 15), draw.uniform(0, 30)] for _ in range(30)]
        values = [2.0 * a + 0.5 * b + draw.gauss(0, 1.0 + a / 5) for a, b in rows]
        found = fitted(rows, values)
        assert found is not None
        inside += abs(found[1].value - 0.5) <= found[1].half
    assert inside >= 88


def test_rows_of_one_group_may_be_alike() -> None:
    inside = alone = 0
    for seed in range(100):
        draw = random.Random(seed)
        rows, values, groups = [], [], []
        for group in range(20):
            a, extra = draw.uniform(0, 10), draw.gauss(0, 5)
            for _ in range(10):
                rows.append([1.0, a])
                values.append(3.0 + 0.5 * a + extra + draw.gauss(0, 1))
                groups.append(group)
        found, wrong = fitted(rows, values, groups), fitted(rows, values)
        assert found is not None
        assert wrong is not None
        assert found[1].value == wrong[1].value
        inside += abs(found[1].value - 0.5) <= found[1].half
        alone += abs(wrong[1].value - 0.5) <= wrong[1].half
    assert inside >= 85
    assert alone < 70


def test_a_fit_needs_more_groups_than_columns() -> None:
    rows = [[1.0, float(n)] for n in range(10)]
    values = [2.0 * n for n in range(10)]
    assert fitted(rows, values, [n % 2 for n in range(10)]) is None
    assert fitted(rows, values, [n % 3 for n in range(10)]) is not None


def test_columns_that_cannot_be_told_apart_have_no_fit() -> None:
    rows = [[float(n), 2.0 * n] for n in range(1, 30)]
    assert fitted(rows, [float(n) for n in range(1, 30)]) is None
    assert fitted([[1.0, 2.0]] * 3, [1.0] * 3) is None


def test_a_ratio_has_the_interval_of_its_residuals() -> None:
    found = ratio([2.0, 4.0, 6.0], [1.0, 2.0, 3.0])
    assert found is not None
    assert found.value == 2.0
    assert found.half == 0.0
    assert ratio([1.0], [1.0]) is None


@pytest.mark.parametrize(
    ("free", "t"), [(4, 2.776), (10, 2.228), (20, 2.086), (60, 2.000), (1000, 1.962)]
)
def test_students_t_is_within_1_percent(free: int, t: float) -> None:
    assert t_95(free) == pytest.approx(t, rel=0.01)
