"""What a session and a turn take in Redis: the figures that `diya profile show` counts with.

A real replica and a real Redis; conversations of the profile `diwali`, of one turn and of eight
turns; `used_memory` before and after.  `make bench-memory`
"""

from __future__ import annotations

import json
import secrets
import tempfile
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from redis import Redis

from chaos.fleet import Fleet
from loadtests import arrivals, conversation, profile
from loadtests.conversation import ConversationPlan
from loadtests.forecast import BASE_BYTES, SESSION_BYTES, TURN_BYTES

_TURNS = 8
_WARM_UP = 20
_CLIENTS = 4


@dataclass(frozen=True, slots=True)
class Measured:
    """Bytes of `used_memory`, without the buffers of clients and of the append-only file."""

    session: float
    """Of a session besides its turns."""
    turn: float
    base: float
    """Of the server without sessions, once the service has used it."""


def main() -> None:
    """Measure, and print the result beside the constants in `loadtests.forecast`."""
    measured = measure(sessions=200)
    print(f"{'':<26}{'measured':>12}{'counted with':>16}")
    for what, value, constant in (
        ("a session", measured.session, SESSION_BYTES),
        ("each of its turns", measured.turn, TURN_BYTES),
        ("Redis without sessions", measured.base, BASE_BYTES),
    ):
        print(f"{what:<26}{value:>10,.0f} B{constant:>14,.0f} B")


def measure(sessions: int) -> Measured:
    """Let so many customers say one thing, and as many others eight."""
    quick = {"DIYA_MODEL_TTFT_MS": "0", "DIYA_MODEL_TOKENS_PER_S": "1e12"}
    with (
        tempfile.TemporaryDirectory(prefix="diya-bench-") as folder,
        Fleet(
            Path(folder), secrets.token_hex(6), replicas=1, ttl_seconds=7200, extra_env=quick
        ) as fleet,
        Redis.from_url(_started(fleet), socket_timeout=5.0) as redis,
    ):
        (replica,) = fleet.replicas.values()
        _play(replica.port, _plans("warm-up", _WARM_UP), 1)
        warm = _used(redis)
        _play(replica.port, _plans("one", sessions), 1)
        short = _used(redis)
        _play(replica.port, _plans("many", sessions), _TURNS)
        long = _used(redis)
    one, many = (short - warm) / sessions, (long - short) / sessions
    turn = (many - one) / (_TURNS - 1)
    return Measured(one - turn, turn, warm - _WARM_UP * one)


def _started(fleet: Fleet) -> str:
    fleet.start(lambda _: None)
    fleet.wait_ready(60.0)
    return fleet.redis.url


def _plans(run: str, count: int) -> list[ConversationPlan]:
    diwali = profile.load("diwali")
    talk = replace(diwali.conversation, mean_turns=50, abandon_share=0, max_turns=_TURNS)
    talkative = replace(diwali, conversation=talk)
    plans = (conversation.plan(talkative, each, run) for each in arrivals.stream(diwali, 1))
    return [plan for plan in plans if len(plan.messages) == _TURNS][:count]


def _play(port: int, plans: list[ConversationPlan], turns: int) -> None:
    with ThreadPoolExecutor(_CLIENTS) as pool:
        list(pool.map(lambda plan: _converse(port, plan, turns), plans))


def _converse(port: int, plan: ConversationPlan, turns: int) -> None:
    _post(port, f"/apps/shopmax/users/{plan.user}/sessions", {"sessionId": plan.session})
    for number, message in enumerate(plan.messages[:turns]):
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


def _used(redis: Redis) -> float:
    """Bytes in use without the buffers of clients and of the append-only file."""
    info: dict[str, Any] = dict(redis.info("memory"))
    return float(info["used_memory"] - info["mem_clients_normal"] - info["mem_aof_buffer"])


if __name__ == "__main__":
    main()
