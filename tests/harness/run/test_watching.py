"""The run watches its records as they come, takes samples, and shows the progress line."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis as redis_py

from chaos.errors import ChaosError
from chaos.fleet.redis_server import RedisServer
from harness.run.directory.record_tail import Tail
from harness.run.progress import Progress
from harness.run.sampling.own_cpu import OwnCpu
from harness.run.sampling.sampler import Sampler
from reports.records import FILES, LoadMark, Outcome, RecordWriter, RunClock, Sample, TurnRecord
from tests.harness.command import wait_until

pytestmark = pytest.mark.service


def turn(number: int, done: float, outcome: Outcome = Outcome.OK) -> TurnRecord:
    return TurnRecord(
        conversation=1,
        turn=number,
        turn_id=f"c1t{number}",
        journey="where_is_my_order",
        due=done - 0.5,
        sent=done - 0.5,
        first_token=None,
        done=done,
        outcome=outcome,
        attempts=1,
        replica="r01",
        message="m",
        reply="r",
        seen=None,
    )


class Sampled:
    """A replica that is this very process; while `failure` is set, nobody tells that."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure

    @property
    def pid(self) -> int:
        if self.failure is not None:
            raise self.failure
        return os.getpid()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_still_being_written_waits_until_it_is_whole(tmp_path: Path) -> None:
    tail = Tail(tmp_path, LoadMark)
    assert tail.read() == []
    with (tmp_path / FILES[LoadMark]).open("w") as file:
        file.write('{"t":1.0,"mark":"start","values":{}}\n{"t":2.0,"ma')
        file.flush()
        assert [mark.mark for mark in tail.read()] == ["start"]
        file.write('rk":"end","values":{}}\n')
        file.flush()
        assert [mark.mark for mark in tail.read()] == ["end"]
    assert tail.read() == []


def test_elsewhere_than_on_a_terminal_progress_is_one_line_in_ten_seconds() -> None:
    out = io.StringIO()
    progress = Progress(out)
    progress.add([turn(0, done=1.0), turn(1, done=2.0, outcome=Outcome.FAIL)])
    for _ in range(50):
        progress.show(2.5, "opening", "kill-redis-1", left_s=96.4)
    (line,) = out.getvalue().splitlines()
    for part in (
        "opening",
        "p99 0.50 s",
        "2 turns",
        "1 errors",
        "fault: kill-redis-1",
        "96 s left",
    ):
        assert part in line, line


def test_on_a_terminal_the_line_is_written_over_and_nothing_half_stays() -> None:
    out = Terminal()
    progress = Progress(out)
    progress.note("starting")
    progress.clear()
    assert "\n" not in out.getvalue()
    assert out.getvalue().endswith("\r\x1b[K")


def test_turns_older_than_the_window_leave_the_rate() -> None:
    out = io.StringIO()
    progress = Progress(out)
    progress.add([turn(number, done=1.0) for number in range(100)])
    progress.show(60.0, "evening", None, left_s=1)
    assert "  0.0 turns/s   p99 -" in out.getvalue()
    assert "100 turns" in out.getvalue()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer("bundled", tmp_path / "redis")
    server.start()
    server.wait_ready()
    yield server
    server.close()
    assert server.wait_ended(30)


def samples(run_dir: Path, source: str) -> list[Sample]:
    return [sample for sample in Tail(run_dir, Sample).read() if sample.source == source]


def test_the_sampler_sees_keys_without_a_ttl_a_restart_and_every_process(
    tmp_path: Path, server: RedisServer
) -> None:
    client = redis_py.Redis.from_url(server.url)
    client.set("bounded", 1, ex=100)
    client.set("for ever", 1)
    with RecordWriter(tmp_path) as writer:
        sampler = Sampler(writer, RunClock(0.0), lambda: [server.url], {"r01": Sampled()})
        sampler.start()
        wait_until(lambda: len(samples(tmp_path, "redis")) >= 1, 20, "a first sample")
        server.restart()
        seen = len(samples(tmp_path, "redis"))
        wait_until(lambda: len(samples(tmp_path, "redis")) > seen, 20, "a sample after the restart")
        sampler.stop()
    first, *_, last = samples(tmp_path, "redis")
    assert first.values["keys"] == 2
    assert first.values["persistent_keys"] == 1
    assert first.values["used_memory"] > 100_000
    assert (first.values["run"], last.values["run"]) == (1, 2)
    assert samples(tmp_path, "replica:r01")[0].values["rss"] > 1_000_000
    assert samples(tmp_path, "host")[0].values["available"] > 1_000_000


def test_while_redis_is_down_the_other_samples_go_on(tmp_path: Path, server: RedisServer) -> None:
    server.kill()
    with RecordWriter(tmp_path) as writer:
        sampler = Sampler(writer, RunClock(0.0), lambda: [server.url], {})
        sampler.start()
        wait_until(lambda: len(samples(tmp_path, "host")) >= 2, 20, "two samples of the host")
        sampler.stop()
    assert samples(tmp_path, "redis") == []


@pytest.mark.parametrize(
    "failure",
    [ChaosError("r01: Docker does not answer"), TimeoutError("Read timed out.")],
    ids=["refused", "slow"],
)
def test_only_an_unknown_replica_is_missing_from_a_sample(
    tmp_path: Path, failure: Exception
) -> None:
    slow, quick = Sampled(failure), Sampled()
    with RecordWriter(tmp_path) as writer:
        sampler = Sampler(writer, RunClock(0.0), None, {"r01": slow, "r02": quick})
        sampler.start()
        wait_until(lambda: len(samples(tmp_path, "replica:r02")) >= 2, 20, "two of the other")
        assert samples(tmp_path, "replica:r01") == []
        slow.failure = None
        wait_until(lambda: len(samples(tmp_path, "replica:r01")) >= 1, 20, "it is back")
        sampler.stop()


_BURN = "import time\nend = time.monotonic() + 90\nwhile time.monotonic() < end: pass\n"


class Meter:
    """The CPU seconds that `OwnCpu` counts besides those of this process, which waits actively."""

    def __init__(self) -> None:
        self._own = OwnCpu()
        self._since = self._own.used() - time.process_time()

    def others(self) -> float:
        return self._own.used() - time.process_time() - self._since


def burnt(process: psutil.Process) -> bool:
    """Whether it has used half a second, however long that took on a busy machine."""
    return sum(process.cpu_times()[:2]) > 0.5


def test_the_cpu_of_a_child_counts_as_own_also_after_its_end() -> None:
    meter = Meter()
    child = subprocess.Popen([sys.executable, "-c", _BURN])
    try:
        wait_until(lambda: burnt(psutil.Process(child.pid)), 60, "half a second of the child's")
        assert meter.others() > 0.4
    finally:
        child.kill()
        child.wait()
    assert meter.others() > 0.4


def test_the_cpu_of_others_does_not_count_as_own() -> None:
    # Its parent ends at once, so that it is nobody's child here.
    script = (
        "import subprocess, sys\n"
        f"burner = subprocess.Popen([sys.executable, '-c', {_BURN!r}], stdout=subprocess.DEVNULL)\n"
        "print(burner.pid)\n"
    )
    started = subprocess.run(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, check=True
    )
    stranger = psutil.Process(int(started.stdout))
    try:
        meter = Meter()
        wait_until(lambda: burnt(stranger), 60, "half a second of the stranger's")
        assert meter.others() < 0.4
    finally:
        stranger.kill()


def test_the_sampler_asks_the_balancer_and_tells_our_share_and_the_speed(tmp_path: Path) -> None:
    counters = {"r01": {"connect_fail": 1.0, "requests": 7.0}}
    with RecordWriter(tmp_path) as writer:
        sampler = Sampler(
            writer, RunClock(0.0), None, {}, balancer=lambda: counters, own_nodes=tuple
        )
        sampler.start()
        wait_until(lambda: len(samples(tmp_path, "host")) >= 2, 20, "two samples of the host")
        sampler.stop()
    assert samples(tmp_path, "balancer:r01")[0].values == counters["r01"]
    assert 0 <= samples(tmp_path, "host")[-1].values["own_percent"] <= 100
    assert samples(tmp_path, "host")[-1].values["work_s"] > 0
