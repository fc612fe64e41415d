"""`diya demo`: one conversation that moves from one replica to another.

Every printed line comes from a real reply or a real key in Redis.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

from redis import Redis

from chaos.fleet.process_fleet import ProcessFleet
from chaos.fleet.redis_client import connect
from chaos.fleet.replica import Replica
from reports.basics.exit_codes import ExitCode

_READY_S = 60.0
_TIMEOUT_S = 20.0
_USER = "asha"


def main(args: argparse.Namespace) -> int:
    """Start Redis and two replicas, let a conversation move from one to the other, clean up."""
    with (
        tempfile.TemporaryDirectory(prefix="diya-demo-") as folder,
        ProcessFleet(
            Path(folder), secrets.token_hex(6), replicas=2, redis=args.redis, ttl_seconds=7200
        ) as fleet,
    ):
        fleet.start(lambda line: print(f"  {line}", file=sys.stderr))
        fleet.wait_ready(_READY_S)
        return _story(fleet)


def _story(fleet: ProcessFleet) -> int:
    replica_a, replica_b = fleet.replicas.values()
    redis = connect(fleet.redis.url, timeout=2.0)
    print("Agent running with Redis-backed session storage")
    print(f"Redis connection: {redis.ping()}")
    session = _ask(replica_a, f"/apps/shopmax/users/{_USER}/sessions", {})["id"]
    print(f"Session created: {session}")
    print("Customer:  I need help with my order ORD-58291")
    first = _say(replica_a, session, "I need help with my order ORD-58291")
    print(f"Replica A: {first}")
    print(f"Session persisted in Redis: {_persisted(redis, session)}")
    print("Customer:  When will it arrive?")
    second = _say(replica_b, session, "When will it arrive?")
    print(f"Replica B: {second}")
    return ExitCode.GO if "ORD-58291" in second and "April 8th" in second else ExitCode.NO_GO


def _persisted(redis: Redis, session: str) -> bool:
    """Whether Redis holds keys of this session, all of them with a TTL."""
    keys = list(redis.scan_iter(match=f"*{session}*"))
    return bool(keys) and all(int(str(redis.pttl(key))) > 0 for key in keys)


def _say(replica: Replica, session: str, text: str) -> str:
    events = _ask(
        replica,
        "/run",
        {
            "appName": "shopmax",
            "userId": _USER,
            "sessionId": session,
            "newMessage": {"role": "user", "parts": [{"text": text}]},
        },
    )
    return "".join(part.get("text", "") for part in events[-1]["content"]["parts"])


def _ask(replica: Replica, path: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{replica.port}{path}",
        data=json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
        return json.load(answer)
