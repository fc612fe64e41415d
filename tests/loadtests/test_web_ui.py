"""Plain Locust users: `locust -f loadtests/locustfile.py` with its web UI, through its HTTP API."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chaos.fleet.ports import free_port
from loadtests.arrivals import arrivals
from loadtests.profiles import journeys, profile
from reports.records import Fate
from tests.loadtests.recorded import ROOT, fates, honest_server

pytestmark = pytest.mark.service


class WebUi:
    """Locust's web UI."""

    def __init__(self, port: int, target: str) -> None:
        self._url, self._target = f"http://127.0.0.1:{port}", target

    def start(self, seed: int) -> None:
        """Press Start, with our own field filled in."""
        form = {"user_count": 1, "spawn_rate": 1, "host": self._target, "diya_seed": seed}
        answer = self._get("/swarm", urllib.parse.urlencode(form).encode())
        assert answer["success"], answer

    def stop(self) -> None:
        """Press Stop."""
        self._get("/stop", b"")

    def up(self) -> bool:
        """Whether it answers."""
        try:
            return bool(self._get("/stats/requests"))
        except OSError:
            return False

    def state(self) -> str:
        """`ready`, `running`, `stopped` …"""
        return str(self._get("/stats/requests")["state"])

    def requests(self) -> dict[str, int]:
        """How many requests of each name."""
        stats = self._get("/stats/requests")["stats"]
        return {each["name"]: each["num_requests"] for each in stats}

    def _get(self, path: str, form: bytes | None = None) -> Any:
        with urllib.request.urlopen(self._url + path, form, timeout=30) as answer:
            return json.load(answer)


def _await(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within 60 s"
        time.sleep(0.1)


@pytest.fixture
def target() -> Iterator[str]:
    """An honest server whose sessions live five seconds."""
    with honest_server(5.0) as (url, _):
        yield url


@pytest.mark.slow
def test_the_web_ui_starts_shows_stops_and_starts_again(target: str, tmp_path: Path) -> None:
    port = free_port()
    env = {key: value for key, value in os.environ.items() if key != "DIYA_RUN_DIR"}
    command = f"-m locust -f loadtests/locustfile.py --web-host 127.0.0.1 --web-port {port}"
    with subprocess.Popen(
        [sys.executable, *command.split()],
        cwd=ROOT,
        env={**env, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as locust:
        try:
            ui = WebUi(port, target)
            _await(ui.up, "the web UI")
            for seed in (0, 5):
                ui.start(seed)
                named = {f"{name} /run" for name in journeys.shopmax().journeys}
                _await(lambda named=named: bool(named & {*ui.requests()}), "a journey by name")  # type: ignore[misc]
                assert "open session" in ui.requests()
                ui.stop()
                _await(lambda: ui.state() == "stopped", "the stop")
        finally:
            locust.terminate()
            output, _ = locust.communicate(timeout=30)
    # A second start is a run of its own, and each accounts for all of its arrivals.
    runs = {
        json.loads((run_dir / "run.json").read_text())["seed"]: run_dir
        for run_dir in tmp_path.glob("diya-load-*")
    }
    assert {*runs} == {0, 5}, output
    for seed, run_dir in runs.items():
        planned = arrivals.count(profile.load("smoke"), seed)
        became = fates(run_dir)
        assert [*became] == list(range(planned))
        assert Fate.CENSORED in became.values()
