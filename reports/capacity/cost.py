"""The cost of a plan, from a file of prices: every figure here is assumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from reports.capacity.findings import Demand
from reports.capacity.prices import Prices
from reports.capacity.redis_plan import RedisPlan
from reports.capacity.target import Target
from reports.figures.derive import assumed, derive
from reports.figures.figure import Figure, unknown
from reports.model_cost.model_use import ModelUse
from reports.model_cost.prices import ModelPrices

MILLION = 1e6
_ALL = "replicas, Redis and the model"
_FULL = "replicas and Redis at their full size, without the model"


@dataclass(frozen=True, slots=True)
class Cost:
    """Money in the currency of the prices."""

    hour: Figure
    """Replicas and Redis for one hour."""
    replicas: Figure
    """Replicas for a million conversations."""
    redis: Figure
    """Redis for a million conversations."""
    million: Figure
    """Replicas and Redis for a million conversations."""
    model: Figure
    """The model for a million conversations."""
    night: Figure | None
    """Replicas, Redis, and the model where it is known, for the whole night; None: no night."""


def plan_cost(
    target: Target,
    replicas: Figure,
    redis: RedisPlan,
    demand: Demand | None,
    prices: Prices,
    model_prices: ModelPrices,
) -> Cost:
    """The cost of a fleet that has its full size all the time, and of its Redis.

    For a night it counts from its start to its end; for a rate, the fleet is at that rate always.
    `model_prices` are for the tokens that a stand-in for the model counted.
    """
    money = prices.currency
    # The line of the replicas, and that of the shards, says why.
    if replicas.value is None:
        replicas = unknown(replicas.unit, "the number of replicas is not known")
    shards = redis.shards
    if shards.value is None:
        shards = unknown(shards.unit, "the number of Redis's shards is not known")
    per_hour = assumed(prices.replica.hour, money)
    fleet = derive(lambda count, price: count * price, replicas, per_hour, unit=money)
    node = 0.0 if redis.node is None else redis.node.hour * prices.redis.nodes_per_shard
    store = derive(lambda count, price: count * price, shards, assumed(node, money), unit=money)
    conversations = _conversations_an_hour(target)
    each = [_per_million(part, conversations, money) for part in (fleet, store)]
    both = derive(lambda a, b: a + b, *each, unit=money, why=_FULL)
    model = _model(target, demand, prices, model_prices)
    return Cost(
        hour=derive(lambda a, b: a + b, fleet, store, unit=money),
        replicas=_told(each[0], _replicas_told(replicas, prices)),
        redis=_told(each[1], _redis_told(redis, prices)),
        million=both,
        model=model,
        night=_night(target, both, model, money),
    )


def _told(figure: Figure, why: str) -> Figure:
    """The figure with the sum behind it; an unknown one has its own reason."""
    return figure if figure.value is None else replace(figure, why=why)


def _replicas_told(replicas: Figure, prices: Prices) -> str:
    """The number and the price, and how far the number can be trusted."""
    hour = f"{prices.replica.hour:.4g} {prices.currency} an hour"
    return f"{_counted_in(replicas, 'replica')} at {hour}"


def _redis_told(redis: RedisPlan, prices: Prices) -> str:
    if redis.node is None:
        return ""
    hour = f"{redis.node.hour:.4g} {prices.currency} an hour"
    nodes = f"{prices.redis.nodes_per_shard} × {redis.node.name} at {hour}"
    return f"{_counted_in(redis.shards, 'shard')} of {nodes}"


def _counted_in(number: Figure, one: str) -> str:
    count = number.value or 0
    return f"{count:,.0f} {one if count == 1 else f'{one}s'} ({number.label})"


def _conversations_an_hour(target: Target) -> Figure:
    if target.conversations is not None and target.hours:
        hours = target.hours
        return derive(lambda count: count / hours, target.conversations, unit="conversations")
    turns = target.turns_per_conversation
    return derive(lambda rate: rate / turns * 3600, target.turns_per_s, unit="conversations")


def _per_million(hour: Figure, conversations: Figure, money: str) -> Figure:
    return derive(
        lambda cost, count: cost / count * MILLION if count else 0.0,
        hour,
        conversations,
        unit=money,
    )


def _model(
    target: Target, demand: Demand | None, prices: Prices, model_prices: ModelPrices
) -> Figure:
    """By the tokens of the file of prices, or those that the stand-in counted."""
    money = prices.currency
    call = None if prices.model is None else prices.model.call
    if call is None and demand is not None and demand.model_use:
        return _counted(target, demand.model_use, money, model_prices)
    if prices.model is None:
        return unknown(money, "the file of prices has no section [model]")
    if demand is None:
        return unknown(money, "the calls of the model were not measured")
    if call is None:
        return unknown(
            money,
            "the tokens of a call were not measured; put input_tokens_per_call and "
            "output_tokens_per_call into the file of prices",
        )
    turns = target.turns_per_conversation
    return derive(
        lambda calls, price: calls * price * turns * MILLION,
        demand.model_calls,
        assumed(call, money),
        unit=money,
        why=f"{prices.model.product}, {call * 1000:.3g} {money} for a thousand calls",
    )


def _counted(target: Target, use: Sequence[ModelUse], money: str, prices: ModelPrices) -> Figure:
    """The model for a million conversations, by the stand-in's tokens a turn."""
    if prices.currency != money:
        return unknown(
            money, f"the prices of models are in {prices.currency}, the others in {money}"
        )
    turns = target.turns_per_conversation
    read, written = (
        derive(lambda *parts: sum(parts), *parts, unit="tokens")
        for parts in ([each.prompt_tokens for each in use], [each.output_tokens for each in use])
    )
    return derive(
        lambda *parts: sum(parts) * turns * MILLION,
        *(each.money(prices) for each in use),
        unit=money,
        why=f"{', '.join(each.model for each in use)}: {read.value or 0:,.0f} tokens in and "
        f"{written.value or 0:,.0f} out a turn, counted by the stand-in",
    )


def _night(target: Target, both: Figure, model: Figure, money: str) -> Figure | None:
    if target.conversations is None:
        return None
    parts = [both] if model.value is None else [both, model]
    return derive(
        lambda count, *costs: count / MILLION * sum(costs),
        target.conversations,
        *parts,
        unit=money,
        why=f"{target.hours or 0:.3g} hours, {target.conversations.value or 0:,.0f} conversations; "
        + ("without the model, whose cost is not known" if model.value is None else _ALL),
    )
