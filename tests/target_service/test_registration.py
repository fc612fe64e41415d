"""The two lines of the documentation are enough for ADK's own server, as a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from chaos.fleet.ports import free_port
from tests.target_service.processes import RedisServer, body, wait_until
from tests.target_service.session_differences import PAGE

pytestmark = pytest.mark.service

SESSIONS = "/apps/shopmax/users/u/sessions"


@pytest.fixture
def agents(tmp_path: Path) -> Path:
    """A folder of agents such as a user has, with the documented `services.py`."""
    (tmp_path / "shopmax").mkdir()
    (tmp_path / "shopmax" / "__init__.py").touch()
    (tmp_path / "shopmax" / "agent.py").write_text(
        "from target_service.agents.shopmax.agent import root_agent\n"
    )
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (services,) = [block for block in blocks if "register()" in block]
    assert len([line for line in services.splitlines() if line]) == 2
    (tmp_path / "services.py").write_text(services)
    return tmp_path


def test_adk_api_server_keeps_its_sessions_in_redis(
    agents: Path, bundled: RedisServer, tmp_path: Path
) -> None:
    bundled.client.flushall()
    port = free_port()
    uri = f"diya+{bundled.uri}?ttl_seconds=60"
    command = [sys.executable, "-m", "google.adk.cli", "api_server"]
    command += [f"--session_service_uri={uri}", f"--port={port}", str(agents)]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=15) as http:
            wait_until(lambda: answers(server, http), 60, f"the server answers ({tmp_path}/log)")
            http.post(SESSIONS, json={"sessionId": "s"}).raise_for_status()
            http.post("/run", json=body("u", "s", "thanks", "t")).raise_for_status()
            shown = http.get(f"{SESSIONS}/s").json()["events"]
    finally:
        server.kill()
        server.wait()
    assert [event["author"] for event in shown] == ["user", "shopmax"]
    ttls = {key.decode(): bundled.client.pttl(key) for key in bundled.client.keys("diya:[me]:*")}
    assert len(ttls) == 2
    assert all(0 < ttl <= 60_000 for ttl in ttls.values())


def answers(server: subprocess.Popen[bytes], http: httpx.Client) -> bool:
    assert server.poll() is None, "the server ended at its start"
    try:
        return http.get("/version").status_code == 200
    except httpx.TransportError:
        return False
