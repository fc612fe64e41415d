"""Money, calculated by hand."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from reports.capacity import prices
from reports.capacity.cost import plan_cost
from reports.capacity.redis_plan import plan_redis
from reports.capacity.target import Assumptions
from reports.figures.figure import Label, unknown
from reports.model_cost.model_use import ModelUse
from tests.reports.capacity.a_capacity_run import (
    assumed,
    demand,
    measured,
    night,
    redis_size,
    target,
)
from tests.reports.model_cost.a_log import MODEL
from tests.reports.model_cost.a_log import PRICES as LISTED

PRICES = prices.read()
MODELS = LISTED
USE = ModelUse(
    model=MODEL,
    calls=measured(2, "calls", 1.9, 2.1),
    prompt_tokens=measured(3000, "tokens", 2900, 3100),
    output_tokens=measured(100, "tokens", 90, 110),
)
REPLICA = 0.04048 + 2 * 0.004445
NODE = 0.219


def test_a_fleet_at_its_rate_costs_so_much_for_a_million_conversations() -> None:
    asked = target(300).as_given()
    redis = plan_redis(asked, redis_size(), PRICES, Assumptions())
    found = plan_cost(asked, assumed(15, "replicas"), redis, demand(), PRICES, MODELS)
    # 120 conversations a second are 432,000 an hour.
    assert found.hour.value == pytest.approx(15 * REPLICA + 2 * NODE)
    assert found.replicas.value == pytest.approx(15 * REPLICA / 0.432)
    assert found.redis.value == pytest.approx(2 * NODE / 0.432)
    assert found.million.value == pytest.approx((15 * REPLICA + 2 * NODE) / 0.432)
    assert found.million.label is Label.ASSUMED
    assert found.replicas.why == "15 replicas (assumed) at 0.04937 USD an hour"
    assert found.redis.why == "1 shard (fitted) of 2 × cache.r7g.large at 0.219 USD an hour"
    assert "without the model" in found.million.why
    assert found.night is None


def test_a_night_costs_its_hours() -> None:
    asked = night().as_given()
    redis = plan_redis(asked, redis_size(), PRICES, Assumptions())
    found = plan_cost(asked, assumed(17, "replicas"), redis, demand(), PRICES, MODELS)
    assert found.night is not None
    assert found.night.value == pytest.approx(5 * (17 * REPLICA + 2 * NODE))
    hours, count = "5 hours", "1,000,000 conversations"
    assert found.night.why == f"{hours}, {count}; without the model, whose cost is not known"


def test_the_model_costs_its_tokens() -> None:
    model = PRICES.model
    assert model is not None
    tokens = replace(model, input_tokens_per_call=1000, output_tokens_per_call=100)
    priced = replace(PRICES, model=tokens)
    asked = night().as_given()
    redis = plan_redis(asked, redis_size(), PRICES, Assumptions())
    found = plan_cost(asked, assumed(17, "replicas"), redis, demand(), priced, MODELS)
    # 2 calls a turn, 2.5 turns: 5 calls of 0.03 cents for reading and 0.025 cents for writing.
    assert found.model.value == pytest.approx(5 * (1000 * 0.30 + 100 * 2.50))
    assert found.night is not None
    assert found.night.value == pytest.approx(5 * (17 * REPLICA + 2 * NODE) + 5 * 550)


def test_the_cost_of_the_model_is_unknown_without_its_tokens() -> None:
    asked = target(300)
    redis = plan_redis(asked, redis_size(), PRICES, Assumptions())
    found = plan_cost(asked, assumed(15, "replicas"), redis, demand(), PRICES, MODELS)
    assert found.model.label is Label.UNKNOWN
    assert "input_tokens_per_call" in found.model.why


def test_unknown_replicas_have_no_cost() -> None:
    asked = target(300)
    redis = plan_redis(asked, redis_size(), PRICES, Assumptions())
    found = plan_cost(asked, unknown("replicas", "probe it"), redis, None, PRICES, MODELS)
    assert (found.million.value, found.million.why) == (
        None,
        "the number of replicas is not known",
    )
    assert found.redis.value is not None


def test_the_model_costs_the_tokens_that_its_stand_in_counted() -> None:
    asked = night().as_given()
    redis = plan_redis(asked, redis_size(), PRICES, Assumptions())
    counted = demand(model_use=(USE,))
    found = plan_cost(asked, assumed(17, "replicas"), redis, counted, PRICES, MODELS)
    # 3,000 tokens of one millionth and 100 of ten, in each of the 2.5 turns of a conversation.
    assert found.model.value == pytest.approx(2.5 * 4000)
    assert found.model.low == pytest.approx(2.5 * (2900 + 900))
    assert found.model.label is Label.ASSUMED
    assert "3,000 tokens in and 100 out a turn" in found.model.why
    assert found.night is not None
    assert found.night.value == pytest.approx(5 * (17 * REPLICA + 2 * NODE) + 2.5 * 4000)


def test_the_tokens_of_the_user_s_prices_count_before_those_of_the_stand_in() -> None:
    model = PRICES.model
    assert model is not None
    tokens = replace(model, input_tokens_per_call=1000, output_tokens_per_call=100)
    priced = replace(PRICES, model=tokens)
    asked = night().as_given()
    redis = plan_redis(asked, redis_size(), PRICES, Assumptions())
    counted = demand(model_use=(USE,))
    found = plan_cost(asked, assumed(17, "replicas"), redis, counted, priced, MODELS)
    assert found.model.value == pytest.approx(5 * (1000 * 0.30 + 100 * 2.50))


def test_a_model_without_a_price_costs_an_unknown_amount() -> None:
    asked = night().as_given()
    redis = plan_redis(asked, redis_size(), PRICES, Assumptions())
    counted = demand(model_use=(replace(USE, model="mine"),))
    found = plan_cost(asked, assumed(17, "replicas"), redis, counted, PRICES, MODELS)
    assert found.model.label is Label.UNKNOWN
    assert "--model-prices FILE" in found.model.why


def test_prices_in_two_currencies_are_not_added() -> None:
    asked = night().as_given()
    redis = plan_redis(asked, redis_size(), PRICES, Assumptions())
    counted = demand(model_use=(USE,))
    euros = replace(MODELS, currency="EUR")
    found = plan_cost(asked, assumed(17, "replicas"), redis, counted, PRICES, euros)
    assert found.model.why == "the prices of models are in EUR, the others in USD"
