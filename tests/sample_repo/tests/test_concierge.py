"""The agent's tests: its tool alone, and the whole service on a bad evening."""

from __future__ import annotations

import asyncio

import pytest


def test_a_party_gets_the_smallest_table_that_is_large_enough(party):
    from concierge import agent

    request = agent.LlmRequest(
        contents=[agent.types.Content(parts=[agent.types.Part(text=f"A table for {party}")])]
    )

    async def first_reply():
        return await anext(agent.Rehearsed().generate_content_async(request))

    (part,) = asyncio.run(first_reply()).content.parts
    assert part.function_call.args == {"guests": 4}
    assert agent.TABLES[4] == "in the garden"


@pytest.mark.readiness(profile="load/evening.toml", replicas=2)
def test_bookings_survive_a_restart_of_redis(readiness):
    with readiness.running() as run:
        run.restart("redis", at="3s")
    run.expect("continuity == 100%")
    run.expect("p99 < 10s", phase="steady")
    run.expect("recovery < 20s", fault="redis")


@pytest.mark.readiness(profile="load/evening.toml", replicas=2)
def test_bookings_survive_the_loss_of_a_replica(readiness):
    with readiness.running() as run:
        run.kill("replica", at="3s")
    run.expect("lost == 0")
    run.expect("duplicated == 0")
    run.expect("continuity == 100%")
