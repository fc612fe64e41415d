"""The lag of the event loop, on a loop that is held up on purpose."""

from __future__ import annotations

import asyncio
import time

from target_service.server.loop_lag import LoopLag


def test_a_turn_that_computes_for_a_while_is_seen_as_lag() -> None:
    async def held_up() -> tuple[float, float]:
        lag = LoopLag()
        watch = asyncio.create_task(lag.watch())
        await asyncio.sleep(0)
        # Busy in one piece: nothing else of the loop runs meanwhile.
        asyncio.get_running_loop().call_soon(time.sleep, 0.7)
        await asyncio.sleep(0)
        at_once = lag.worst()
        await asyncio.sleep(0.5)
        watch.cancel()
        return at_once, lag.worst()

    at_once, later = asyncio.run(held_up())
    assert at_once >= 0.35
    assert later >= 0.35


def test_an_unwatched_loop_has_no_lag() -> None:
    async def unwatched() -> float:
        return LoopLag().worst()

    assert asyncio.run(unwatched()) == 0.0
