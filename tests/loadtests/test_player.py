"""The player lets arrivals in: those that are due at once, and others go on meanwhile."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gevent
import pytest

from loadtests.arrivals import arrivals, spikes
from loadtests.arrivals.spikes import Spike
from loadtests.generator import descriptors, settings
from loadtests.generator.player import LONGEST_BUNCH, Player
from loadtests.generator.settings import RunSettings
from loadtests.profiles import profile
from reports.records import Arrival, ArrivalRange, ConversationRecord, Fate, Record, RunClock

ARRIVALS_A_SECOND = 200


class Rounds:
    """A recorder that notes in which round of the event loop each arrival was refused."""

    def __init__(self) -> None:
        self.refused: list[tuple[int, int]] = []
        """Rounds and arrivals, in the order in which they came."""
        self.round = 0
        self._counting = gevent.spawn(self._count)

    def _count(self) -> None:
        while True:
            gevent.sleep(0)
            self.round += 1

    def write(self, record: Record) -> None:
        """Take one record."""
        if isinstance(record, ConversationRecord) and record.fate is Fate.DROPPED:
            self.refused.append((self.round, record.conversation))

    def append(self, file: str, lines: bytes) -> None:
        """Nobody reads them."""

    def close(self) -> None:
        """Count no more."""
        self._counting.kill()


@pytest.fixture
def rounds() -> Iterator[Rounds]:
    """A recorder that counts the rounds of this test's event loop."""
    recorder = Rounds()
    yield recorder
    recorder.close()


def _run(tmp_path: Path, values: dict[str, Any], server: socket.socket) -> RunSettings:
    """A run of the profile that `values` are, against a server that accepts no connection."""
    return settings.parse(
        tmp_path / "run.json",
        {
            "schema_version": 1,
            "run_id": "0123456789ab",
            "origin": time.time(),
            "seed": 1,
            "app": "shopmax",
            "target": f"http://127.0.0.1:{server.getsockname()[1]}",
            "ttl_seconds": 1.0,
            "profile": values,
        },
    )


def _play_what_is_due(rounds: Rounds, tmp_path: Path, max_open: int) -> None:
    """Customers wait for an answer for ever; every arrival that finds no room is refused."""
    values = profile.load("smoke").to_dict()
    values["load"].update(base_rate=ARRIVALS_A_SECOND, late_after_s=3600)
    values["phase"] = [{"name": "hold", "minutes": 600, "hold": 1}]
    clock = RunClock(time.time())
    with socket.create_server(("127.0.0.1", 0)) as silent:
        run = _run(tmp_path, values, silent)
        run = replace(run, profile=replace(run.profile, max_open=max_open))
        planned = arrivals.count(run.profile, run.seed)
        player = Player(
            run, run.target, clock, rounds, lambda *_: None, lambda: None, planned=planned
        )
        # All of them are due already.
        talking = gevent.spawn(player.talk, clock.now() - run.profile.load_seconds)
        with gevent.Timeout(60):
            while not rounds.refused or rounds.refused[-1][0] + 20 > rounds.round:
                gevent.sleep(0)
        player.stop()
        talking.kill()


def test_arrivals_that_are_due_are_let_in_together_and_give_way_now_and_then(
    rounds: Rounds, tmp_path: Path
) -> None:
    _play_what_is_due(rounds, tmp_path, max_open=1)
    count = len(rounds.refused)
    assert count > 10 * LONGEST_BUNCH
    assert [index for _, index in rounds.refused] == list(range(1, count + 1))
    took = rounds.refused[-1][0] - rounds.refused[0][0]
    assert took <= 3 * count / LONGEST_BUNCH, "letting one in costs a round of the loop"
    assert took >= count / LONGEST_BUNCH / 2, "nobody else has a turn meanwhile"


def test_arrivals_are_refused_while_no_file_can_be_opened(
    rounds: Rounds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(descriptors, "connections", lambda wanted: 3)
    _play_what_is_due(rounds, tmp_path, max_open=20_000)
    # Arrivals in one bunch with the first three are refused only after them.
    refused = [index for _, index in rounds.refused]
    assert refused[0] <= LONGEST_BUNCH
    assert refused[-100:] == list(range(refused[-1] - 99, refused[-1] + 1))


class Kept:
    """A recorder that keeps the ranges of arrivals that nobody played."""

    def __init__(self) -> None:
        self.ranges: list[ArrivalRange] = []

    def write(self, record: Record) -> None:
        """Take one record."""
        if isinstance(record, ArrivalRange):
            self.ranges.append(record)

    def append(self, file: str, lines: bytes) -> None:
        """Nobody reads them."""


def test_a_spike_of_a_million_is_made_one_arrival_at_a_time_and_accounted_for_when_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    real = spikes.shard

    def shard(*arguments: Any) -> Iterator[Arrival]:
        for arrival in real(*arguments):
            made.append(arrival.index)
            yield arrival

    monkeypatch.setattr(spikes, "shard", shard)
    values = profile.load("smoke").to_dict()
    spike = Spike(order=1, start=8.0, seconds=10.0, factor=50_000.0, seed=3, first=5)
    recorder, clock = Kept(), RunClock(time.time())
    with socket.create_server(("127.0.0.1", 0)) as silent:
        run = _run(tmp_path, values, silent)
        spike = replace(spike, arrivals=list(spikes.counting(run.profile, run.seed, spike))[-1])
        assert spike.arrivals > 900_000
        player = Player(
            run, run.target, clock, recorder, lambda *_: None, lambda: None, planned=5, shards=3
        )
        talking = gevent.spawn(player.talk, clock.now())
        begun = time.process_time()
        player.obey(spike)
        gevent.sleep(0.05)
        assert time.process_time() - begun < 2.0, "customers wait while a million are made"
        assert len(made) <= 1, "nobody has come yet"
        player.stop()
        talking.kill()
    (rest,) = [each for each in recorder.ranges if each.first >= spike.first]
    assert (rest.first, rest.step, rest.fate) == (6, 3, Fate.CENSORED)
    assert rest.count == len(range(6, 5 + spike.arrivals, 3))
