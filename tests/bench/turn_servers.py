"""The servers whose turns are compared, each a process of its own on loopback."""

from __future__ import annotations

import ctypes
import http.client
import json
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any, Self

from chaos.fleet.ports import free_port
from target_service.server.app import AGENTS
from tests.containers import at_once
from tests.harness.command import wait_until

OURS, IN_MEMORY, SQLITE, ADK_REDIS = (
    "ours",
    "adk api_server, in memory",
    "adk api_server, SQLite",
    "adk api_server, ADK Redis",
)
APP, USER = "shopmax", "customer"
_ADK = "import sys; from google.adk.cli import main; sys.exit(main())"
_QUICK = {"DIYA_MODEL_TTFT_MS": "0", "DIYA_MODEL_TOKENS_PER_S": "1e12"}
"""The model is to cost nothing but its words."""
_ADK_REDIS_SERVICE = """
from google.adk.cli.service_registry import get_service_registry
from google.adk.integrations.redis import RedisSessionService, RedisSessionServiceConfig

def create(uri, **_):
    uri = uri.removeprefix("adk+")
    return RedisSessionService(config=RedisSessionServiceConfig(uri=uri, ttl_seconds=7200))

get_service_registry().register_session_service("adk+redis", create)
"""
_PATIENCE_S = 120.0
_SETTLE_S = 0.005
"""Seconds for work after the last byte, such as closing generators: it is part of a turn."""


class Server:
    """One server, and a connection to it that is kept."""

    def __init__(self, name: str, command: list[str], path: str, redis_url: str) -> None:
        """`path` is where it answers 200 once it is ready."""
        self.name = name
        self._port = free_port()
        self._path = path
        self._process = subprocess.Popen(
            [sys.executable, *command, "--port", str(self._port)],
            env={**os.environ, **_QUICK, "DIYA_REDIS_URL": redis_url},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._http = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)

    def wait_ready(self) -> None:
        """Until it answers.  Raises AssertionError when it ends, or after two minutes."""
        answers = partial(at_once.answers, self._port, self._path)
        wait_until(
            lambda: answers() or self._process.poll() is not None, _PATIENCE_S, f"{self.name} ready"
        )
        assert self._process.poll() is None, f"{self.name} ended at its start"

    def create(self, session: str) -> None:
        """A new, empty session."""
        self._post(f"/apps/{APP}/users/{USER}/sessions", {"sessionId": session})

    def turn(self, endpoint: str, session: str, text: str, turn_id: str) -> float:
        """Play one turn; CPU seconds of the server's process, user and system."""
        body = {
            "appName": APP,
            "userId": USER,
            "sessionId": session,
            "newMessage": {"role": "user", "parts": [{"text": text}]},
            "customMetadata": {"turn_id": turn_id},
            "streaming": endpoint == "/run_sse",
        }
        begun = self._cpu()
        reply = self._post(endpoint, body)
        time.sleep(_SETTLE_S)
        spent = self._cpu() - begun
        assert b'"error"' not in reply, reply[:300]
        return spent

    def close(self) -> None:
        """Kill it, and reap it."""
        self._http.close()
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _post(self, path: str, body: dict[str, Any]) -> bytes:
        self._http.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = self._http.getresponse()
        told = answer.read()
        assert answer.status == 200, f"{self.name} answered {answer.status}: {told[:300]!r}"
        return told

    def _cpu(self) -> float:
        """CPU seconds of the process so far, by Linux's own clock: psutil knows hundredths only."""
        clock = ctypes.c_int()
        failed = ctypes.CDLL(None).clock_getcpuclockid(self._process.pid, ctypes.byref(clock))
        assert not failed, os.strerror(failed)
        return time.clock_gettime(clock.value)


def servers(redis_url: str, folder: Path, only: str) -> list[Server]:
    """Ours, ADK's in memory and those whose name contains `only`, started and not yet ready.

    `folder` takes their files.
    """
    agents = folder / "agents"
    agents.mkdir()
    (agents / APP).symlink_to(AGENTS / APP)
    (agents / "services.py").write_text(_ADK_REDIS_SERVICE)
    uris = {
        IN_MEMORY: "memory://",
        SQLITE: f"sqlite:///{folder}/sessions.db",
        ADK_REDIS: f"adk+{redis_url}",
    }
    made = [Server(OURS, ["-m", "target_service"], "/readyz", redis_url)]
    for name, uri in uris.items():
        if name != IN_MEMORY and only not in name:
            continue
        command = ["-c", _ADK, "api_server", str(agents), f"--session_service_uri={uri}"]
        made.append(Server(name, command, "/list-apps", redis_url))
    return made
