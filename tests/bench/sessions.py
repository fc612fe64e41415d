"""CPU per turn of session services, through ADK's Runner: `make bench-sessions`.

All services take the same turn one after the other, in an order that changes, so that a noisy
machine is noisy for all; what counts is the ratio to the floor, a service that stores nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import random
import statistics
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from pathlib import Path

from google.adk.runners import Runner
from google.genai import types
from redis import Redis

from chaos.redis_server import RedisServer
from target_service.agents.shopmax import agent
from target_service.settings import from_environment
from tests.bench import session_sizes
from tests.bench.session_services import APP, USER, Contender, contenders

LENGTHS = (6, 60, 200)
WINDOW = 6
"""CPU at length n is the mean over the turns (n - WINDOW, n]."""
LIMITS = {"ours, turns": (1.15, 1.10, 1.05), "ours, bare": (1.3, 1.15, 1.10)}
"""× the floor, at each of the lengths."""
MESSAGES = (
    "Hello, I ordered a gift for my parents and I am worried about it: order ORD-58291 was placed "
    "last week. Could you please tell me where it is now?",
    "And when exactly will it arrive? We are travelling for Diwali and I want to be sure that "
    "somebody is at home to receive it, so please check again for me.",
)

CpuByTurn = dict[str, list[float]]
"""Service → CPU seconds of every turn, in order."""


class Stage:
    """The contenders, each with its own runner."""

    def __init__(self, chosen: list[Contender]) -> None:
        quick = {"DIYA_MODEL_TTFT_MS": "0", "DIYA_MODEL_TOKENS_PER_S": "1e12"}
        config = from_environment(quick)
        self.chosen = chosen
        self._runners = {
            each.name: Runner(app_name=APP, agent=agent.build(config), session_service=each.service)
            for each in chosen
        }

    async def play(self, each: Contender, session_id: str, turn: int) -> None:
        """One whole turn."""
        text = MESSAGES[min(turn, 1)]
        message = types.Content(role="user", parts=[types.Part(text=text)])
        async with each.guard(session_id):
            async for _ in self._runners[each.name].run_async(
                user_id=USER, session_id=session_id, new_message=message
            ):
                pass

    async def round(self, number: int, turns: int) -> CpuByTurn:
        """A conversation of so many turns with every contender, in lockstep."""
        cpu: CpuByTurn = defaultdict(list)
        session_id = f"session-{number}"
        for each in self.chosen:
            await each.service.create_session(app_name=APP, user_id=USER, session_id=session_id)
        order = random.Random(number)
        for turn in range(turns):
            for each in order.sample(self.chosen, len(self.chosen)):
                begun = time.process_time()
                await self.play(each, session_id, turn)
                cpu[each.name].append(time.process_time() - begun)
        return cpu


def at_length(cpu: list[float], length: int) -> float:
    """Mean CPU seconds of the turns that end at this length."""
    return statistics.fmean(cpu[max(0, length - WINDOW) : length])


def table(rounds: list[CpuByTurn], chosen: list[Contender]) -> bool:
    """Print CPU and ratios, medians over the rounds; whether all limits are kept."""
    floor = chosen[0].name
    kept = True
    print(f"{'CPU per turn, × floor':<24}" + "".join(f"{f'{n} turns':>20}" for n in LENGTHS))
    for each in chosen:
        row = f"{each.name:<24}"
        for place, length in enumerate(LENGTHS):
            values = [at_length(cpu[each.name], length) for cpu in rounds]
            ratio = statistics.median(
                value / at_length(cpu[floor], length)
                for value, cpu in zip(values, rounds, strict=True)
            )
            limit = LIMITS.get(each.name, (None,) * len(LENGTHS))[place]
            broken = limit is not None and ratio > limit
            kept = kept and not broken
            mark = "!" if broken else " "
            row += f"{statistics.median(values) * 1000:>10.2f} ms {ratio:>5.2f}×{mark}"
        print(row, flush=True)
    return kept


async def measure(server: RedisServer, sqlite: str, rounds: int, only: str) -> bool:
    """Run everything and print it; whether all limits are kept."""
    everybody = contenders(server.url, sqlite)
    chosen = [everybody[0], *(each for each in everybody[1:] if only in each.name)]
    stage = Stage(chosen)
    await stage.round(0, max(LENGTHS) // 20)  # pays for imports and first connections
    gc.collect()
    gc.freeze()
    played = [await stage.round(1 + number, max(LENGTHS)) for number in range(rounds)]
    kept = table(played, chosen)
    redis = Redis.from_url(server.url)
    for turns in (60, 200):
        await session_sizes.report(redis, chosen, stage.play, turns)
    return kept


def main() -> int:
    """Start a server, measure, stop it; 1 when a limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="services whose name contains this")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer("bundled", Path(folder))
        server.start()
        try:
            server.wait_ready()
            sqlite = f"{folder}/bench.db"
            return 0 if asyncio.run(measure(server, sqlite, args.rounds, args.only)) else 1
        finally:
            server.close()


if __name__ == "__main__":
    sys.exit(main())
