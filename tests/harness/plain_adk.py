"""A plain `adk api_server` process, as ADK's wheel ships it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx

from chaos.fleet.ports import free_port
from tests.harness import command
from tests.target_service.processes import wait_until

AGENTS = Path(__file__).parent / "foreign_agents"


@contextlib.contextmanager
def serving(sessions: str, log: Path) -> Iterator[str]:
    """Its address, with this session service, until the block ends."""
    port = free_port()
    run = "import sys; from google.adk.cli import main; sys.exit(main())"
    options = ["api_server", "--port", str(port), f"--session_service_uri={sessions}", str(AGENTS)]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-c", run, *options], cwd=command.ROOT, stdout=output, stderr=output
        ) as server,
    ):
        try:
            url = f"http://127.0.0.1:{port}"

            def answers() -> bool:
                assert server.poll() is None, log.read_text()
                with contextlib.suppress(httpx.HTTPError):
                    return httpx.get(f"{url}/list-apps", timeout=2).status_code == 200
                return False

            wait_until(answers, 60, "adk api_server answers")
            yield url
        finally:
            server.kill()
