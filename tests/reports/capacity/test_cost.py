"""Money, calculated by hand."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from reports.capacity import prices
from reports.capacity.cost import plan_cost
from reports.capacity.redis_plan import plan_redis
from reports.capacity.target import Assumptions
from reports.figures.figure import Label, unknown
from tests.reports.capacity.a_capacity_run import assumed, demand, night, redis_size, target

PRICES = prices.read()
REPLICA = 0.04048 + 2 * 0.004445
NODE = 0.219


def test_a_fleet_at_its_rate_costs_so_much_for_a_million_conversations() -> None:
    asked = target(300).as_given()
    redis = plan_redis(asked, redis_size(), PRICES, Assumptions())
    found = plan_cost(asked, assumed(15, "replicas"), redis, demand(), PRICES)
    # 120 conversations a second are 432,000 an hour.
    assert found.hour.value == pytest.approx(15 * REPLICA + 2 * NODE)
    assert found.replicas.value == pytest.approx(15 * REPLICA / 0.432)
    assert found.redis.value == pytest.approx(2 * NODE / 0.432)
    assert found.million.value == pytest.approx((15 * REPLICA + 2 * NODE) / 0.432)
    assert found.million.label is Label.ASSUMED
    assert found.night is None


def test_a_night_costs_its_hours() -> None:
    asked = night().as_given()
    redis = plan_redis(asked, redis_size(), PRICES, Assumptions())
    found = plan_cost(asked, assumed(17, "replicas"), redis, demand(), PRICES)
    assert found.night is not None
    assert found.night.value == pytest.approx(5 * (17 * REPLICA + 2 * NODE))
    assert "without the model" in found.night.why


def test_the_model_costs_its_tokens() -> None:
    model = PRICES.model
    assert model is not None
    tokens = replace(model, input_tokens_per_call=1000, output_tokens_per_call=100)
    priced = replace(PRICES, model=tokens)
    asked = night().as_given()
    redis = plan_redis(asked, redis_size(), PRICES, Assumptions())
    found = plan_cost(asked, assumed(17, "replicas"), redis, demand(), priced)
    # 2 calls a turn, 2.5 turns: 5 calls of 0.03 cents for reading and 0.025 cents for writing.
    assert found.model.value == pytest.approx(5 * (1000 * 0.30 + 100 * 2.50))
    assert found.night is not None
    assert found.night.value == pytest.approx(5 * (17 * REPLICA + 2 * NODE) + 5 * 550)


def test_the_cost_of_the_model_is_unknown_without_its_tokens() -> None:
    asked = target(300)
    redis = plan_redis(asked, redis_size(), PRICES, Assumptions())
    found = plan_cost(asked, assumed(15, "replicas"), redis, demand(), PRICES)
    assert found.model.label is Label.UNKNOWN
    assert "input_tokens_per_call" in found.model.why


def test_unknown_replicas_have_no_cost() -> None:
    asked = target(300)
    redis = plan_redis(asked, redis_size(), PRICES, Assumptions())
    found = plan_cost(asked, unknown("replicas", "probe it"), redis, None, PRICES)
    assert (found.million.value, found.million.why) == (None, "probe it")
    assert found.redis.value is not None
