"""The cost of a whole turn through HTTP, one replica of each: `make bench-turn`.

CPU seconds (user and system) of the server's process.  All servers take the same turn one after
the other, in an order that changes, so that a noisy machine is noisy for all.  The result is the
median, over the turns, of the ratio to an unchanged `adk api_server` with sessions in memory.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from chaos.fleet.redis_server import RedisServer
from tests.bench.session_limits import Limit, judge
from tests.bench.session_stage import MESSAGES
from tests.bench.turn_servers import IN_MEMORY, OURS, Server, servers

ENDPOINTS = ("/run", "/run_sse")
HISTORIES = {1: (1, 2), 10: (8, 12), 40: (38, 42)}
"""About so many turns of history: the first and the last number that counts as such."""
SHORT_PER_LONG = 2
"""Short conversations to a long one, so that each history is measured about as often."""
LIMIT = 0.5
"""Of the CPU of `adk api_server` with sessions in memory."""

Samples = dict[tuple[str, int], dict[str, list[float]]]
"""(endpoint, turns of history) → server → seconds of CPU; the same place is the same turn."""


def play(
    everybody: list[Server], samples: Samples, endpoint: str, session: str, turns: int
) -> None:
    """One conversation, the same with every server at the same time."""
    order = random.Random(session)
    for server in everybody:
        server.create(session)
    for held in range(turns):
        measured = [n for n, (first, last) in HISTORIES.items() if first <= held <= last]
        text = MESSAGES[min(held, 1)]
        for server in order.sample(everybody, len(everybody)):
            spent = server.turn(endpoint, session, text, f"{session}-{held}")
            for history in measured:
                samples[endpoint, history][server.name].append(spent)


def measure(everybody: list[Server], rounds: int) -> Samples:
    """Play so many rounds at both endpoints, after one conversation that counts nowhere."""
    samples: Samples = defaultdict(lambda: defaultdict(list))
    for endpoint in ENDPOINTS:
        play(everybody, defaultdict(lambda: defaultdict(list)), endpoint, f"warm{endpoint[1:]}", 8)
    longest = max(last for _, last in HISTORIES.values())
    shortest = HISTORIES[1][1]
    for number in range(rounds):
        for endpoint in ENDPOINTS:
            name = f"{endpoint[1:]}-{number}"
            for short in range(SHORT_PER_LONG):
                play(everybody, samples, endpoint, f"{name}-{short}", shortest + 1)
            play(everybody, samples, endpoint, name, longest + 1)
    return samples


def ratios(samples: Samples, endpoint: str, of: str, to: str, history: int | None) -> list[float]:
    """`of` to `to`, turn by turn; with every history when it is None."""
    return [
        one / other
        for (at, held), each in samples.items()
        if at == endpoint and history in (None, held)
        for one, other in zip(each[of], each[to], strict=True)
    ]


def show(samples: Samples, names: list[str]) -> None:
    """The tables of CPU per turn, one for each endpoint."""
    for endpoint in ENDPOINTS:
        heads = "".join(f"{f'{n} turns of history':>22}" for n in HISTORIES)
        print(f"{endpoint:<28}{heads}{'all':>22}")
        for name in names:
            row = f"{name:<28}"
            for history in (*HISTORIES, None):
                spent = [
                    value
                    for (at, held), each in samples.items()
                    if at == endpoint and history in (None, held)
                    for value in each[name]
                ]
                ratio = statistics.median(ratios(samples, endpoint, name, IN_MEMORY, history))
                row += f"{statistics.median(spent) * 1000:>13.2f} ms {ratio:>4.2f}×"
            print(row, flush=True)
        print()


def main() -> int:
    """Start everything, measure, stop it; 1 when a limit is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.turn", description=__doc__)
    parser.add_argument("--rounds", type=int, default=4, help="long conversations per endpoint")
    parser.add_argument("--only", default="", help="ours, in memory, and names that contain this")
    args = parser.parse_args()
    # As Ctrl-C does: the servers and the folder go on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    begun = time.monotonic()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="diya-bench-")))
        redis = RedisServer("bundled", folder)
        stack.callback(redis.close)
        redis.start()
        redis.wait_ready()
        everybody = servers(redis.url, folder, args.only)
        for server in everybody:
            stack.enter_context(server)
        for server in everybody:
            server.wait_ready()
        samples = measure(everybody, args.rounds)
    show(samples, [each.name for each in everybody])
    limits = [
        Limit(
            f"{endpoint}: CPU of a turn to `adk api_server`, in memory",
            statistics.median(ratios(samples, endpoint, OURS, IN_MEMORY, None)),
            LIMIT,
        )
        for endpoint in ENDPOINTS
    ]
    kept = judge(limits)
    print(f"took {time.monotonic() - begun:.0f} s")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
