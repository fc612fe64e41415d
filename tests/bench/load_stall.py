"""A server that stands still for 2 s, seen by an open and by a closed loop.

The right latency is computed, not estimated: the server says when it stood still, on the clock that
all processes of a machine share (`time.monotonic`), and the generator's records say when each turn
was due.  A turn due at t in a stall that ends at e takes e - t, any other turn next to nothing.

The turns measured are the second of three in their conversations: the session is open, the
connection too, nothing is read back after it; each is exactly one request.
"""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import dataclass

from tests.bench import load_stage

STALL_S = 2.0
RATE = 100.0
"""Turns a second."""
WINDOW_S = 16.0
"""How long second turns are due: an eighth of them in the stall, so that p95 lies in it."""
_THINK_S = WINDOW_S + 2.0
"""Longer than customers arrive: while second turns are due, nobody opens a session."""
USERS = 10
"""Of the closed loop."""


@dataclass(frozen=True, slots=True)
class Stall:
    """When the server stood still, `time.monotonic` seconds."""

    start: float
    end: float

    def latency(self, due: float) -> float:
        """The seconds that the stall adds to a request due then."""
        return self.end - due if self.start <= due < self.end else 0.0


def stand_still() -> bytes:
    """The server's part: do nothing at all, and say from when to when."""
    start = time.monotonic()
    time.sleep(STALL_S)
    return json.dumps({"start": start, "end": time.monotonic()}).encode()


def _stall(url: str, after: float) -> Stall:
    """Have the server stand still, so many seconds from now."""
    import gevent

    from loadtests.adk.client import Client

    client = Client(url, connections=1)
    gevent.sleep(after)
    answer = client.send("POST", "/stall", b"{}", 60)
    client.close()
    return Stall(**json.loads(answer.body))


def open_loop(url: str) -> dict[str, float]:
    """p95 as recorded, and as it must be for the same turns."""
    import gevent

    from reports.measures.percentiles import percentile
    from reports.records import TurnRecord

    with tempfile.TemporaryDirectory() as folder:
        load = load_stage.profile(RATE, WINDOW_S, turns=3, think_s=_THINK_S)
        player, clock = load_stage.player(url, load, folder)
        stalling = gevent.spawn(_stall, url, _THINK_S + (WINDOW_S - STALL_S) / 2)
        gevent.spawn(player.talk, clock.now())
        gevent.sleep(_THINK_S + WINDOW_S + 1.0)
        player.stop()
        stall, since = stalling.get(), clock.now() - time.monotonic()
        turns = [turn for turn in load_stage.records(folder, TurnRecord) if turn.turn == 1]
    assert all(turn.attempts == 1 and turn.outcome == "ok" for turn in turns)
    right = [stall.latency(turn.due - since) for turn in turns]
    return {
        "p95": percentile(sorted(turn.latency for turn in turns), 95),
        "analytic": percentile(sorted(right), 95),
        "turns": len(turns),
        "stalled": sum(latency > 0 for latency in right),
        "stall": stall.end - stall.start,
    }


def closed_loop(url: str) -> dict[str, float]:
    """Ten users, ten turns a second each, as `constant_pacing` would have it."""
    import gevent

    from loadtests.adk.client import Client
    from reports.measures.percentiles import percentile

    client, latencies = Client(url, connections=USERS), list[float]()
    gevent.spawn(_stall, url, (WINDOW_S - STALL_S) / 2)
    end = time.monotonic() + WINDOW_S

    def user() -> None:
        while (begun := time.monotonic()) < end:
            client.send("POST", "/run", b"{}", 60)
            latencies.append(time.monotonic() - begun)
            gevent.sleep(max(0.0, begun + USERS / RATE - time.monotonic()))

    gevent.joinall([gevent.spawn(user) for _ in range(USERS)])
    return {"p95": percentile(sorted(latencies), 95)}
