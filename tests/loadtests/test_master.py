"""The master of a load, and workers that are only told of: how it begins and how it stops."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gevent
import pytest

from loadtests.arrivals import arrivals
from loadtests.generator import master, settings
from loadtests.generator.master import Master
from loadtests.profiles import profile
from reports.records import ArrivalRange, LoadMark
from tests.loadtests.recorded import records

pytestmark = pytest.mark.service

GONE_AFTER_S = 0.3
SLICES, SLICE_S = 10, 0.1
"""A count that takes three times as long as a worker may be silent."""


ANSWERS = {
    "diya:shard": "ready",
    "diya:pulse": "pulse",
    "diya:start": "talked",
    "diya:audit": "audited",
}


class Workers:
    """Locust's runner, as the master sees it: two workers that answer to their shard at once."""

    def __init__(self) -> None:
        ready = [SimpleNamespace(id=name) for name in ("a", "b")]
        self.clients = SimpleNamespace(ready=ready, running=[], spawning=[])
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.master: Master | None = None

    def send_message(self, kind: str, data: dict[str, Any], client: str) -> None:
        """Take a message of the master."""
        self.told.append((kind, data))
        if kind in ANSWERS:
            gevent.spawn(self._answer, ANSWERS[kind], data["run"], client)

    def _answer(self, stage: str, run: str, client: str) -> None:
        assert self.master is not None
        self.master.take(stage, {"run": run}, client)

    def shards(self) -> list[dict[str, Any]]:
        """The messages that assigned a shard."""
        return [data for kind, data in self.told if kind == "diya:shard"]


@pytest.fixture
def workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workers:
    """Two workers of a master whose count takes long; a silent worker is lost soon."""

    def counting(*_: Any) -> Iterator[int]:
        for number in range(SLICES):
            time.sleep(SLICE_S)
            yield 4 + number

    monkeypatch.setattr(arrivals, "counting", counting)
    monkeypatch.setattr(master, "GONE_AFTER_S", GONE_AFTER_S)
    monkeypatch.setattr(master, "PULSE_S", 0.05)
    values = profile.load("smoke").to_dict()
    values["phase"] = [{"name": "hold", "minutes": 12, "hold": 1}]
    run = {
        "schema_version": 1,
        "run_id": "0123456789ab",
        "origin": time.time(),
        "seed": 1,
        "app": "shopmax",
        "target": "http://127.0.0.1:1",
        "ttl_seconds": 1.0,
        "profile": values,
    }
    told = Workers()
    told.master = Master(settings.parse(tmp_path / "run.json", run), told, "http://127.0.0.1:1")
    return told


def test_a_long_count_loses_no_worker_and_is_made_once_for_all(
    workers: Workers, tmp_path: Path
) -> None:
    assert workers.master is not None
    rounds = 0

    def others() -> None:
        nonlocal rounds
        while not workers.shards():
            rounds += 1
            gevent.sleep(0.001)

    looking = gevent.spawn(others)
    with gevent.Timeout(30):
        assert workers.master.play()
    looking.kill()
    assert rounds >= SLICES - 1, "nobody else had a turn while it counted"
    assert [data["planned"] for data in workers.shards()] == [3 + SLICES] * 2
    marks = {mark.mark: mark for mark in records(tmp_path, LoadMark)}
    assert "worker-lost" not in marks
    assert marks["start"].values["arrivals"] == 3 + SLICES
    assert "audited" in marks


def test_a_master_stopped_while_it_counts_loses_no_arrival(
    workers: Workers, tmp_path: Path
) -> None:
    assert workers.master is not None
    playing = gevent.spawn(workers.master.play)
    gevent.sleep(0.05)
    begun = time.monotonic()
    workers.master.stop()
    assert time.monotonic() - begun < SLICES * SLICE_S
    with gevent.Timeout(30):
        assert playing.get() is False
    assert workers.shards() == []
    assert records(tmp_path, LoadMark) == []
    assert records(tmp_path, ArrivalRange) == []
