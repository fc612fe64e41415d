"""Redis's processor, shards, memory and nodes, calculated by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reports.capacity import prices
from reports.capacity.reach import Reach
from reports.capacity.redis_plan import RedisPlan, plan_redis, shards_for
from reports.capacity.target import Assumptions, Target
from reports.figures.figure import Label, unknown
from tests.reports.capacity.a_capacity_run import assumed, demand, redis_size, target

PRICES = prices.read()


def plan(asked: Target, **changes: object) -> RedisPlan:
    """The plan for a target, with the measured Redis changed."""
    return plan_redis(asked.as_given(), redis_size(**changes), PRICES, Assumptions())


def test_the_processor_takes_its_time_for_each_turn() -> None:
    # 300 turns a second, 0.35 ms each.
    assert plan(target(300)).share.value == pytest.approx(0.105)


def test_the_memory_of_a_shard_is_the_sum_of_its_parts() -> None:
    memory = plan(target(300)).memory
    live = 900_000 * 4000 + 1e6
    assert memory.live.value == live
    assert memory.expired.value == pytest.approx(0.1 * live)
    assert memory.rewrite.value == pytest.approx(0.3 * live)
    assert memory.fragments.value == pytest.approx(0.1 * live)
    assert memory.total.value == pytest.approx(1.5 * live)
    # The interval is that of a session's bytes, 3,900 to 4,100.
    assert memory.total.high == pytest.approx(1.5 * (900_000 * 4100 + 1e6))
    assert memory.total.label is Label.FITTED


def test_the_smallest_node_that_holds_it_is_chosen_with_its_maxmemory() -> None:
    found = plan(target(300))
    # 5.5e9 bytes at the high end, of at most 70 % of 13.07 GiB.
    assert found.node is not None
    assert found.node.name == "cache.r7g.large"
    assert found.maxmemory.value == pytest.approx(0.7 * 13.07 * 2**30)
    assert (found.shards.value, found.bound) == (1, "one shard is enough")


def test_the_processor_asks_for_shards() -> None:
    # 1,900 turns a second at the lower end, 70 % of it planned: 1,330 a shard.
    assert shards_for(1330, 1900, 0.7) == 1
    assert shards_for(1331, 1900, 0.7) == 2
    found = plan(replace(target(2000), live_sessions=assumed(1000, "sessions")))
    assert (found.shards.value, found.bound) == (2, "because of the processor")


def test_sizes_that_were_not_measured_ask_for_shards() -> None:
    found = plan(replace(target(300), live_sessions=assumed(900_001, "sessions")))
    assert found.shards.value == 2
    assert "3 times the 300,000 sessions" in found.bound
    assert found.sessions.value == 450_000.5


def test_shards_are_not_known_if_only_want_of_measurements_asks_for_them() -> None:
    few = redis_size().points[:1]  # 10,000 sessions: 30 shards of 30,000, where one is enough
    found = plan(target(300), points=few)
    assert found.shards.label is Label.UNKNOWN
    assert "a prefill of 300,000 would tell" in found.shards.why
    assert found.share.value is not None


def test_memory_asks_for_shards_or_for_larger_nodes_whichever_costs_less() -> None:
    # 40,000 bytes a session make 54 GB: 36.97 GiB is 70 % of the largest node, two are needed.
    found = plan(target(300), bytes_per_session=assumed(40_000, "bytes"))
    assert found.node is not None
    assert found.shards.value is not None
    assert found.memory.total.value is not None
    assert found.maxmemory.value is not None
    assert found.memory.total.value <= found.maxmemory.value
    paid = found.shards.value * found.node.hour
    for node in PRICES.redis.node:
        shards = -(-54e9 // (0.7 * node.memory_bytes - 1.5e6))
        assert paid <= shards * node.hour * 1.001


def test_sessions_of_more_turns_take_more_memory() -> None:
    asked = replace(target(300), turns_per_session=3.5).as_given()
    found = plan_redis(asked, redis_size(), PRICES, Assumptions(), demand())
    assert found.memory.live.value == pytest.approx(900_000 * (4000 + 1100) + 1e6)


def test_without_a_measured_redis_every_line_is_unknown() -> None:
    found = plan_redis(target(300), None, PRICES, Assumptions())
    figures = (found.share, found.knee, found.shards, found.memory.total, found.maxmemory)
    assert {figure.label for figure in figures} == {Label.UNKNOWN}
    assert "would tell" in found.shards.why


def test_an_unknown_part_makes_the_shards_unknown_with_its_reason() -> None:
    found = plan(target(300), shard_turns_per_s=unknown("turns/s", "play a longer prefill"))
    assert (found.shards.label, found.shards.why) == (Label.UNKNOWN, "play a longer prefill")
    assert found.share.value is not None


def test_no_node_that_is_large_enough_is_said() -> None:
    found = plan(target(300), empty_bytes=assumed(1e12, "bytes"))
    assert found.shards.label is Label.UNKNOWN
    assert "no size of node" in found.shards.why


@given(st.floats(1, 1e5), st.floats(1, 1e5), st.floats(1e3, 1e7), st.floats(1e3, 1e7))
def test_more_load_never_needs_fewer_shards(a: float, b: float, m: float, n: float) -> None:
    (low, high), (few, many) = sorted((a, b)), sorted((m, n))
    small, large = (
        plan_redis(
            replace(target(rate), live_sessions=assumed(held, "sessions")).as_given(),
            redis_size(),
            # With one size of node the number of shards alone tells how much is bought.
            replace(PRICES, redis=replace(PRICES.redis, node=PRICES.redis.node[:1])),
            Assumptions(),
            reach=Reach(sessions=3),
        )
        for rate, held in ((low, few), (high, many))
    )
    if large.shards.value is not None:
        assert small.shards.value is not None
        assert small.shards.value <= large.shards.value


def test_an_unmeasured_redis_has_the_reason_of_its_measurement() -> None:
    why = "the sessions of this agent cannot be copied"
    size = redis_size(points=(), bytes_per_session=unknown("bytes", why))
    assert plan_redis(target(300), size, PRICES, Assumptions()).shards.why == why
