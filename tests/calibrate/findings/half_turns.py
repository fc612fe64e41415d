"""ADK's own API server over a session service that keeps: half a turn stays behind.

`python -m tests.calibrate.findings.half_turns [SESSIONS]`, by default over ADK's Redis service;
`redis` is ours, which keeps none.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from chaos.fleet.ports import free_port
from chaos.fleet.replica import Replica
from tests.calibrate.findings.stage import redis_of_our_own

_SESSIONS = "/apps/shopmax/users/anna/sessions"
_RUN = {
    "appName": "shopmax",
    "userId": "anna",
    "newMessage": {"role": "user", "parts": [{"text": "Where is my order ORD-58291?"}]},
}


def ask(port: int, method: str, path: str, body: Any = None, patience: float = 10.0) -> Any:
    """One request.  Raises TimeoutError, and hangs up, after `patience` seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request(method, path, json.dumps(body), headers)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def shown(port: int, session: str) -> list[str]:
    """The events of the session: the author and the content of each."""
    events = ask(port, "GET", f"{_SESSIONS}/{session}")["events"]
    return [f"{event['author']}: {_what(event)}" for event in events]


def _what(event: Any) -> str:
    if "errorCode" in event:
        return str(event["errorCode"])
    return ", ".join(next(iter(part)) for part in event["content"]["parts"])


def wait_for_the_message(port: int, session: str) -> None:
    """Until the customer's message is stored, and the model thinks; at most a second."""
    deadline = time.monotonic() + 1.0
    while not shown(port, session) and time.monotonic() < deadline:
        time.sleep(0.02)


def hang_up(port: int) -> None:
    """The customer's app gives up after half a second, and asks again later."""
    run = {**_RUN, "sessionId": "hang-up", "customMetadata": {"turn_id": "turn-1"}}
    ask(port, "POST", f"{_SESSIONS}/hang-up", {})
    try:
        ask(port, "POST", "/run", run, patience=0.5)
    except TimeoutError:
        time.sleep(4.0)  # longer than the turn would have needed
    print("the client hangs up in the middle of a turn:", shown(port, "hang-up"))
    ask(port, "POST", "/run", run)
    print("and asks again, and waits:", shown(port, "hang-up"))


def kill(one: Replica, other: Replica) -> None:
    """The replica dies while the model thinks."""
    ask(one.port, "POST", f"{_SESSIONS}/kill", {})
    run = {**_RUN, "sessionId": "kill"}
    asking = threading.Thread(target=_ask_in_vain, args=(one.port, run))
    asking.start()
    wait_for_the_message(one.port, "kill")
    one.kill()
    asking.join()
    print("the replica is killed in the middle of a turn:", shown(other.port, "kill"))


def _ask_in_vain(port: int, run: Any) -> None:
    try:
        ask(port, "POST", "/run", run)
    except (OSError, http.client.HTTPException):
        return


def main(sessions: str = "adk-redis") -> None:
    """Two replicas, a model that thinks for 1.5 s."""
    with tempfile.TemporaryDirectory(prefix="diya-finding-") as folder, redis_of_our_own() as url:
        env = {
            **os.environ,
            "DIYA_REDIS_URL": url,
            "DIYA_SESSIONS": sessions,
            "DIYA_MODEL_TTFT_MS": "1500",
        }
        command = (sys.executable, "-m", "target_service")
        one, other = (
            Replica(name, free_port(), env, Path(folder) / f"{name}.log", command)
            for name in ("one", "other")
        )
        try:
            for replica in (one, other):
                replica.start()
            for replica in (one, other):
                replica.wait_ready()
            hang_up(other.port)
            kill(one, other)
        finally:
            for replica in (one, other):
                replica.close()
            for replica in (one, other):
                replica.wait_ended(5.0)


if __name__ == "__main__":
    main(*sys.argv[1:])
