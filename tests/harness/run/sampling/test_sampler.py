"""The sampler tells one process from the next: of a replica, and of Redis."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chaos.fleet.redis_server import RedisServer
from harness.run.directory.record_tail import Tail
from harness.run.sampling.sampler import Sampler
from reports.records import RecordWriter, RunClock, Sample
from tests.harness.command import wait_until

pytestmark = pytest.mark.service


class Replica:
    """A process that waits."""

    def __init__(self) -> None:
        self._process = self._started()

    @staticmethod
    def _started() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)

    @property
    def pid(self) -> int:
        return self._process.pid

    def restart(self) -> None:
        self.end()
        self._process = self._started()

    def end(self) -> None:
        with self._process as process:
            process.kill()


def test_a_restart_shows_in_the_samples_of_a_replica_and_of_redis(tmp_path: Path) -> None:
    seen: dict[str, list[float]] = {"pid": [], "run": []}
    tail = Tail(tmp_path, Sample)

    def look() -> None:
        for sample in tail.read():
            for name, values in seen.items():
                if name in sample.values and sample.values[name] not in values:
                    values.append(sample.values[name])

    def told(processes: int) -> bool:
        look()
        return len(seen["pid"]) == len(seen["run"]) == processes

    server, replica = RedisServer("bundled", tmp_path / "redis"), Replica()
    server.start()
    server.wait_ready()
    try:
        with RecordWriter(tmp_path) as writer:
            sampler = Sampler(writer, RunClock(0.0), lambda: [server.url], {"r01": replica})
            sampler.start()
            wait_until(lambda: told(1), 30, "samples of the first processes")
            first = replica.pid
            replica.restart()
            server.kill()
            assert server.wait_ended(10)
            server.start()
            server.wait_ready()
            wait_until(lambda: told(2), 30, "samples of the second processes")
            sampler.stop()
        assert seen["pid"] == [first, replica.pid]
    finally:
        replica.end()
        server.close()
        assert server.wait_ended(10)
