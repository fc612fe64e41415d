"""Real processes for the tests: a Redis-protocol server, and replicas of the service."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import httpx
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from chaos.fleet.ports import free_port

ROOT = Path(__file__).parents[2]


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Return as soon as `condition` holds.  Raises AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.01)


class RedisServer:
    """A Redis-protocol server of our own: free port, password, append-only file."""

    def __init__(self, binary: str, folder: Path) -> None:
        self.port = free_port()
        self._password = secrets.token_hex(8)
        self._binary = binary
        self._config = folder / "redis.conf"
        self._config.write_text(
            f"port {self.port}\nbind 127.0.0.1\nrequirepass {self._password}\n"
            f'dir {folder}\nappendonly yes\nsave ""\nlogfile {folder / "redis.log"}\n'
        )
        self._process: subprocess.Popen[bytes] | None = None
        self.client: Any = redis.Redis(
            port=self.port, password=self._password, socket_timeout=2, retry=Retry(NoBackoff(), 0)
        )
        """A plain client; untyped, because redis-py types every answer as maybe awaitable."""

    @property
    def uri(self) -> str:
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self._process = subprocess.Popen([self._binary, str(self._config)])
        wait_until(self._answers, 30, "the Redis server answers")

    def kill(self) -> None:
        """kill -9, and reap."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Stopped by a signal: connections stay open and nothing answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        with contextlib.suppress(redis.RedisError):
            return bool(self.client.ping())
        return False


class Replica:
    """One `python -m target_service`, and a client of it."""

    def __init__(self, name: str, redis_uri: str, log: Path, **settings: str) -> None:
        port = free_port()
        self.name = name
        self._log = log.open("wb")
        inherited = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("DIYA_", "GOOGLE_"))
        }
        environment = {
            **inherited,
            "DIYA_RUN_ID": secrets.token_hex(6),
            "DIYA_REPLICA": name,
            "DIYA_REDIS_URL": redis_uri,
            "DIYA_TTL_SECONDS": "60",
            "DIYA_MODEL_TOKENS_PER_S": "100000",
            **settings,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "target_service", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=self._log,
            stderr=self._log,
        )
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=15, trust_env=False)

    def wait_ready(self) -> None:
        wait_until(self._is_ready, 90, f"{self.name} is ready (see {self._log.name})")

    def create(self, user: str, session: str) -> httpx.Response:
        return self.http.post(_sessions(user), json={"sessionId": session})

    def get(self, user: str, session: str) -> httpx.Response:
        return self.http.get(f"{_sessions(user)}/{session}")

    def run(self, user: str, session: str, text: str, turn_id: str | None) -> httpx.Response:
        return self.http.post("/run", json=body(user, session, text, turn_id))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self.http.close()
        self._log.close()

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, f"{self.name} ended at its start ({self._log.name})"
        with contextlib.suppress(httpx.TransportError):
            return self.http.get("/readyz").status_code == 200
        return False


def body(user: str, session: str, text: str, turn_id: str | None) -> dict[str, Any]:
    """The body of a request to run one turn."""
    values: dict[str, Any] = {
        "appName": "shopmax",
        "userId": user,
        "sessionId": session,
        "newMessage": {"role": "user", "parts": [{"text": text}]},
    }
    if turn_id is not None:
        values["customMetadata"] = {"turn_id": turn_id}
    return values


def _sessions(user: str) -> str:
    return f"/apps/shopmax/users/{user}/sessions"
