"""Targets of the tests that diya did not start, each kept by `breakable` in a folder."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx

import diya_start
from chaos.fleet.ports import free_port
from tests.harness import breakable
from tests.harness.plain_adk import AGENTS
from tests.target_service.processes import wait_until


@contextlib.contextmanager
def served(folder: Path, words: list[str], path: str) -> Iterator[str]:
    """A service that `breakable` can break; its address of `path`, once that answers 200.

    Its port is the word after `--port`.
    """
    folder.mkdir()
    (folder / "command.json").write_text(json.dumps(words))
    breakable.do("start", folder)
    port = words[words.index("--port") + 1]
    url = f"http://127.0.0.1:{port}{path}"

    def answers() -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(url, timeout=2).status_code == 200
        return False

    try:
        wait_until(answers, 60, f"{url} answers")
        yield url
    finally:
        breakable.do("stop", folder)


def plain_adk(folder: Path, sessions: str | None = None) -> list[str]:
    """The words of a plain `adk api_server`; by default its sessions are in a file in `folder`."""
    run = "import sys; from google.adk.cli import main; sys.exit(main())"
    uri = sessions or f"sqlite:///{folder}/sessions.db"
    options = ["--port", str(free_port()), f"--session_service_uri={uri}", str(AGENTS)]
    return [sys.executable, "-c", run, "api_server", *options]


def our_service(store: str, ttl_s: float) -> list[str]:
    """The words of one replica of our service, with its sessions in the Redis of that address."""
    return [
        *("env", f"DIYA_REDIS_URL={store}", "DIYA_SESSIONS=redis", f"DIYA_TTL_SECONDS={ttl_s:g}"),
        *diya_start.command("target_service", "--host", "127.0.0.1", "--port", str(free_port())),
    ]
