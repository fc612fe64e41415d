"""The memory of sessions in Redis, compared with the forecast.  `make bench-memory`

A real fleet and a real Redis: conversations of the profile `diwali`, of one and of eight turns,
and `used_memory` before, between and after.  Then whole loads, written into Redis without a service
(`tests.bench.memory_fill`), beside their forecasts.  For each server that is on this machine.
"""

from __future__ import annotations

import json
import secrets
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from redis import Redis

from chaos.errors import ChaosConfigError
from chaos.fleet.process_fleet import ProcessFleet
from chaos.fleet.redis_binary import find_server
from loadtests.arrivals import arrivals, conversation, redis_sizes
from loadtests.arrivals.conversation import ConversationPlan
from loadtests.arrivals.forecast import forecast
from loadtests.profiles import profile
from loadtests.profiles.profile import Profile
from tests.bench import memory_fill

_TURNS = 8
_WARM_UP = 20
_CLIENTS = 4
_VARIANTS = 100
_SEED = 1
_WINDOW_S = 30.0
_AFTER_S = 5.0
"""Seconds after the forecast's peak that are played too."""
_MOST_WRONG = 0.05
MIB = 1024 * 1024
REPLICAS = 3


@dataclass(frozen=True, slots=True)
class Measured:
    """Bytes of `used_memory`, without the buffers of clients and of the append-only file."""

    server: str
    """Its name."""
    session: float
    """Of a session besides its turns."""
    turn: float
    base: float
    """Of the server without sessions, once the service has used it."""


def main() -> int:
    """Measure, print the result beside the constants and the forecasts; 1 when one is 5 % off."""
    right = True
    for kind in ("bundled", "system"):
        try:
            find_server(kind)
        except ChaosConfigError as error:
            print(f"\n{error}")
            continue
        with Stage(REPLICAS, kind) as stage:
            measured = measure(stage, sessions=400)
            sizes = redis_sizes.of_server(measured.server)
            print(f"\n{stage.version:<26}{'measured':>12}{'counted with':>16}")
            for what, value, constant in (
                ("a session", measured.session, sizes.session),
                ("each of its turns", measured.turn, sizes.turn),
                ("Redis without sessions", measured.base, sizes.server),
            ):
                print(f"{what:<26}{value:>10,.0f} B{constant:>14,.0f} B")
            right = _forecasts(stage) and right
    return 0 if right else 1


def _forecasts(stage: Stage) -> bool:
    """Whether Redis takes the forecast memory, for every load; prints a line each."""
    copies = memory_fill.Copies(stage.redis)
    variants = plans("copycopycopy", _VARIANTS)
    for turns in range(_TURNS):
        stage.play(variants, turns + 1, since=turns)
        copies.take(variants)
    print(f"{'':<26}{'measured':>12}{'forecast':>12}{'error':>9}{'sessions':>10}")
    right = True
    for what, load, seed in _loads():
        memory_fill.empty(stage.redis)
        ahead = forecast(load, seed, server=stage.name)
        peak = max(ahead.memory)
        place = ahead.memory.index(peak)
        end = min((place + 0.5) * ahead.step_s + _AFTER_S, load.load_seconds)
        window = min(_WINDOW_S, end)
        found = memory_fill.play(copies, load, _SEED, end, window)
        measured = max(found[len(found) // 2 :])
        error = peak / measured - 1
        right &= abs(error) <= _MOST_WRONG
        print(
            f"{what:<26}{measured / MIB:>8,.2f} MiB{peak / MIB:>8,.2f} MiB{error:>+9.1%}"
            f"{ahead.live[place]:>10,.0f}",
            flush=True,
        )
    memory_fill.empty(stage.redis)
    return right


def _loads() -> Iterator[tuple[str, Profile, int | None]]:
    """The name of a load, its profile, the seed of the forecast (None: the average one)."""
    for name in ("diwali", "smoke", "soak", "flash-sale"):
        yield name, profile.load(name), _SEED
    yield "diwali, a TTL of 2 h", replace(profile.load("diwali"), compression=1), None


class Stage:
    """A fleet that serves, and a look into its Redis."""

    def __init__(self, replicas: int, kind: str) -> None:
        """`kind` is the server, as for `--redis`."""
        self._replicas, self._kind = replicas, kind
        self._open = ExitStack()

    def __enter__(self) -> Stage:
        """Start it."""
        quick = {"DIYA_MODEL_TTFT_MS": "0", "DIYA_MODEL_TOKENS_PER_S": "1e12"}
        folder = self._open.enter_context(tempfile.TemporaryDirectory(prefix="diya-bench-"))
        fleet = ProcessFleet(
            Path(folder),
            secrets.token_hex(6),
            replicas=self._replicas,
            redis=self._kind,
            ttl_seconds=7200,
            extra_env=quick,
        )
        self._open.enter_context(fleet)
        fleet.start(lambda _: None)
        fleet.wait_ready(90.0)
        self.redis = self._open.enter_context(Redis.from_url(fleet.redis.url, socket_timeout=60.0))
        self.ports = [replica.port for replica in fleet.replicas.values()]
        self.name = fleet.redis.info.name
        self.version = f"{self.name} {fleet.redis.info.version}"
        return self

    def __exit__(self, *error: object) -> None:
        """Stop it."""
        self._open.close()

    def play(self, plans: Sequence[ConversationPlan], turns: int, since: int = 0) -> None:
        """Let these customers say so many things, those from `since` on: neighbours at different
        replicas."""

        def converse(plan: ConversationPlan) -> None:
            _converse(self.ports[plan.index % len(self.ports)], plan, turns, since)

        with ThreadPoolExecutor(_CLIENTS) as pool:
            list(pool.map(converse, plans))


def measure(stage: Stage, sessions: int) -> Measured:
    """Let so many customers say one thing, and as many others eight; Redis is empty afterwards."""
    stage.play(plans("warmupwarmup", _WARM_UP), 1)
    empty = memory_fill.empty(stage.redis)
    stage.play(plans("one-one-one-", sessions), 1)
    short = memory_fill.used(stage.redis)
    stage.play(plans("manymanymany", sessions), _TURNS)
    long = memory_fill.used(stage.redis)
    one, many = (short - empty) / sessions, (long - short) / sessions
    turn = (many - one) / (_TURNS - 1)
    return Measured(stage.name, one - turn, turn, memory_fill.empty(stage.redis))


def plans(run: str, count: int) -> list[ConversationPlan]:
    """So many conversations of eight turns, journeys and languages in the shares of `diwali`.

    `run` is as long as the id of a run: it is part of every key.
    """
    diwali = profile.load("diwali")
    talk = replace(
        diwali.conversation,
        mean_turns=50,
        abandon_share=0,
        max_turns=_TURNS,
        sliding_ttl_customers=0,
    )
    talkative = replace(diwali, conversation=talk)
    planned = (conversation.plan(talkative, each, run) for each in arrivals.stream(talkative, 1))
    return [plan for plan in planned if len(plan.messages) == _TURNS][:count]


def _converse(port: int, plan: ConversationPlan, turns: int, since: int) -> None:
    if since == 0:
        _post(port, f"/apps/shopmax/users/{plan.user}/sessions", {"sessionId": plan.session})
    for number, message in enumerate(plan.messages[since:turns], start=since):
        body = {
            "appName": "shopmax",
            "userId": plan.user,
            "sessionId": plan.session,
            "newMessage": {"role": "user", "parts": [{"text": message}]},
            "customMetadata": {"turn_id": f"c{plan.index}t{number}"},
        }
        _post(port, "/run", body)


def _post(port: int, path: str, body: dict[str, Any]) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        data=json.dumps(body, ensure_ascii=False).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        answer.read()


if __name__ == "__main__":
    sys.exit(main())
