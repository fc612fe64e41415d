"""Redis filled and measured with few sessions, on real servers; nothing of it stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from chaos.errors import ChaosError
from chaos.fleet import redis_server
from chaos.fleet.guardian import RUN_ID_VARIABLE, carriers
from chaos.fleet.process_fleet import ProcessFleet
from chaos.fleet.waiting import wait_for
from harness.capacity.redis_size import expiry, templates
from harness.capacity.redis_size.measure import measure
from loadtests.arrivals import steady_state
from loadtests.arrivals.redis_sizes import of_server
from loadtests.profiles import profile
from reports.capacity.findings import RedisSize
from reports.figures.figure import Label
from tests import tools
from tests.harness import command

pytestmark = [pytest.mark.service, pytest.mark.slow]

SIZES = (500, 2_000)
DIWALI = profile.load("diwali")


@pytest.fixture(scope="module", params=tools.SERVERS)
def size(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RedisSize:
    """What was measured on each kind of server; the directory must be empty afterwards."""
    if request.param == "system":
        tools.require("redis-server")
    directory = tmp_path_factory.mktemp("capacity")
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(expiry, "_WATCH_S", 1.0)
        patch.setattr(templates, "_VARIANTS", ((3, 32), (6, 8), (12, 2)))
        found = measure(
            SIZES, profile=DIWALI, directory=directory, redis=request.param, say=said.append
        )
    assert list(directory.iterdir()) == []
    assert any("2,000 of 2,000 sessions written; about " in each for each in said)
    return found


def test_every_size_is_a_point_with_all_its_measurements(size: RedisSize) -> None:
    assert [each.sessions for each in size.points] == list(SIZES)
    for each in size.points:
        assert each.rss_bytes > each.live_bytes > 0
        assert each.fork_s > 0
        assert each.rewrite_s >= each.fork_s
        assert each.rewrite_extra_bytes > 0
        assert each.longest_pause_s > 0
        assert each.restart_s > 0
        assert each.turn_script_s > 0
        assert each.turn_commands_s is not None
        assert each.turn_commands_s > 0
        assert each.loaded_bytes is not None
        assert each.loaded_bytes > 0.8 * each.live_bytes
        assert 0 <= each.expired_bytes < 0.3 * each.live_bytes


def test_the_bytes_of_a_session_agree_with_those_of_the_forecast(size: RedisSize) -> None:
    name = size.server.split()[0]
    sizes, turns = of_server(name), steady_state.of(DIWALI).turns_per_session
    expected = sizes.session + turns * sizes.turn
    assert size.bytes_per_session.value == pytest.approx(expected, rel=0.05)


def test_the_figures_are_fitted(size: RedisSize) -> None:
    figures = (size.bytes_per_session, size.restart_s_per_gib, size.turn_script_s)
    assert {each.label for each in figures} == {Label.FITTED}
    assert size.turn_always_s is not None
    assert size.turn_always_s.value is not None
    assert size.turn_script_s.value is not None
    assert size.turn_always_s.value >= size.turn_script_s.value


def test_a_failure_leaves_neither_process_nor_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = _run_ids(monkeypatch)

    def fail(*_: object) -> None:
        raise ChaosError("measured too much")

    monkeypatch.setattr(templates, "play", fail)
    with pytest.raises(ChaosError, match="too much"):
        measure((500,), profile=DIWALI, directory=tmp_path, redis="bundled")
    (run_id,) = started
    assert carriers(run_id) == set()
    assert list(tmp_path.iterdir()) == []


def test_a_fleet_that_does_not_start_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: ProcessFleet) -> None:
        raise ChaosError("too little memory")

    monkeypatch.setattr(ProcessFleet, "_require_memory", refuse)
    with pytest.raises(ChaosError, match="too little"):
        measure((500,), profile=DIWALI, directory=tmp_path, redis="bundled")
    assert list(tmp_path.iterdir()) == []


PROGRAM = """
import sys
from pathlib import Path
from harness.capacity.redis_size import templates
from harness.capacity.redis_size.measure import measure
from loadtests.profiles import profile
templates._VARIANTS = ((2, 4),)
say = lambda text: print(text, flush=True)
try:
    measure((20000,), profile=profile.load("diwali"), directory=Path(sys.argv[1]), say=say,
            redis="bundled")
except KeyboardInterrupt:
    sys.exit(105)
"""


@pytest.fixture(params=[signal.SIGINT, signal.SIGKILL])
def interrupted(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[subprocess.Popen[str], set[int]]]:
    """A measurement that has been sent a signal in the middle, and the processes it had."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "run")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=command.ROOT,
        env={k: v for k, v in os.environ.items() if k != RUN_ID_VARIABLE},
    )
    try:
        assert process.stdout is not None
        assert any("sessions written" in line for line in process.stdout)
        below = {each.pid for each in psutil.Process(process.pid).children(recursive=True)}
        assert len(below) >= 4  # guardian, Redis, replica, balancer, writer
        process.send_signal(request.param)
        yield process, below
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def test_an_interruption_leaves_neither_process_nor_file(
    interrupted: tuple[subprocess.Popen[str], set[int]], tmp_path: Path
) -> None:
    process, below = interrupted
    assert process.wait(60) in (105, -signal.SIGKILL)
    wait_for(lambda: not any(map(psutil.pid_exists, below)), 60, "its processes to end")
    wait_for(lambda: not list((tmp_path / "run").iterdir()), 30, "its files to go")


def _run_ids(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The ids of runs whose Redis is started from here on."""
    found: set[str] = set()
    begin = redis_server.RedisServer.__init__

    def noted(self: redis_server.RedisServer, *args: object, **options: object) -> None:
        env = options["env"]
        assert isinstance(env, dict)
        found.add(env[RUN_ID_VARIABLE])
        begin(self, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(redis_server.RedisServer, "__init__", noted)
    return found
