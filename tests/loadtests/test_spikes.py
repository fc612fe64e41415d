"""The arrivals of a spike are as planned as all others."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import pytest

from loadtests.arrivals import arrivals, spikes
from loadtests.arrivals.spikes import Spike
from loadtests.generator import settings
from loadtests.generator.load_commands import (
    LoadCommandReader,
    Storm,
    WorkerCommand,
    from_message,
    to_message,
)
from loadtests.generator.milestones import Milestones
from loadtests.profiles import profile
from loadtests.profiles.profile import Profile
from reports.records import LoadMark, Record, load_commands

SPIKE = Spike(order=1, start=3.0, seconds=4.0, factor=5.0, seed=42, first=1000)


@pytest.fixture
def busy() -> Profile:
    """The profile `smoke`, a hundred times as busy."""
    loaded = profile.load("smoke")
    return dataclasses.replace(loaded, base_rate=100 * loaded.base_rate)


def test_a_spike_has_the_arrivals_of_its_factor_at_its_time(busy: Profile) -> None:
    extra = list(spikes.shard(busy, 7, SPIKE, 0, 1))
    assert all(SPIKE.start <= each.due < SPIKE.start + SPIKE.seconds for each in extra)
    assert [each.due for each in extra] == sorted(each.due for each in extra)
    curve = busy.curve()
    planned = curve.count(7.0) - curve.count(3.0)
    busy_day = arrivals.day_factor(busy, 7)
    expected = spikes.expected(busy, 7, SPIKE)
    assert expected == pytest.approx(4 * planned * busy_day)
    assert abs(len(extra) - expected) < 5 * math.sqrt(expected)
    assert list(spikes.counting(busy, 7, SPIKE))[-1] == len(extra)


def test_the_numbering_goes_on_and_shards_divide_it_as_the_plan_is(busy: Profile) -> None:
    whole = list(spikes.shard(busy, 7, SPIKE, 0, 1))
    assert [each.index for each in whole] == [*range(1000, 1000 + len(whole))]
    parts = [list(spikes.shard(busy, 7, SPIKE, k, 3)) for k in range(3)]
    assert all(each.index % 3 == k for k, part in enumerate(parts) for each in part)
    assert sorted((each for part in parts for each in part), key=lambda a: a.index) == whole
    counted = dataclasses.replace(SPIKE, arrivals=len(whole))
    for k, part in enumerate(parts):
        assert [*spikes.indices(counted, k, 3)] == [each.index for each in part]


def test_a_spike_is_drawn_from_its_own_seed_and_known_again_from_its_mark(busy: Profile) -> None:
    def dues(spike: Spike) -> list[float]:
        return [each.due for each in spikes.shard(busy, 7, spike, 0, 1)]

    assert dues(SPIKE) != dues(dataclasses.replace(SPIKE, seed=43))
    counted = dataclasses.replace(SPIKE, arrivals=9)
    values = {name: float(value) for name, value in dataclasses.asdict(counted).items()}
    assert Spike.of(values) == counted


class Commands:
    """A reader of load commands, the file that it reads, and the marks that it writes."""

    def __init__(self, run_dir: Path) -> None:
        run = {
            "schema_version": 1,
            "run_id": "0123456789ab",
            "origin": 0.0,
            "seed": 7,
            "app": "shopmax",
            "target": "http://127.0.0.1:1",
            "profile": profile.load("smoke").to_dict(),
            "ttl_seconds": 5.0,
        }
        (run_dir / "run.json").write_text(json.dumps(run))
        self.run = settings.read(run_dir)
        self.marks: list[LoadMark] = []
        self.file = run_dir / load_commands.FILE
        self.reader = LoadCommandReader(self.run, Milestones(self.run.profile, self), 100)

    def write(self, record: Record) -> None:
        assert isinstance(record, LoadMark)
        self.marks.append(record)

    def append(self, file: str, lines: bytes) -> None:
        raise AssertionError("no line is written")

    def tell(self, *told: dict[str, object], end: str = "\n") -> None:
        with self.file.open("a") as file:
            file.write("\n".join(json.dumps(each) for each in told) + end)

    def take(self, now: float) -> list[WorkerCommand]:
        return self.reader.take(10.0 + now, 10.0, players=1)


def test_a_command_is_read_once_and_only_when_its_line_is_complete(tmp_path: Path) -> None:
    commands = Commands(tmp_path)
    assert commands.take(1.0) == []
    storm = {"order": 1, "what": "storm", "seconds": 2.0, "seed": 5}
    commands.tell(storm, end="")
    assert commands.take(1.0) == []
    commands.tell(end="\n")
    assert commands.take(1.0) == [Storm(1, 2.0, 5)]
    assert commands.take(1.0) == []
    assert [(mark.mark, mark.values) for mark in commands.marks] == [
        ("storm", {"order": 1.0, "players": 1.0})
    ]


def test_two_spikes_are_numbered_one_after_the_other(tmp_path: Path) -> None:
    commands = Commands(tmp_path)
    told = {"what": "spike", "seconds": 3.0, "factor": 4.0}
    commands.tell({"order": 1, "seed": 5, **told}, {"order": 2, "seed": 6, **told})
    first, second = commands.take(2.0)
    assert isinstance(first, Spike)
    assert isinstance(second, Spike)
    counts = [mark.values["arrivals"] for mark in commands.marks]
    assert [first.arrivals, second.arrivals] == counts
    assert (first.first, second.first) == (100, 100 + counts[0])
    assert commands.reader.planned == 100 + sum(counts)
    assert first.start == 2.5, "half a second later, so that every process has it in time"
    assert from_message({"run": "x", **to_message(first)}) == first


def test_a_command_that_is_too_late_or_too_large_is_refused(tmp_path: Path) -> None:
    commands = Commands(tmp_path)
    told = {"order": 1, "what": "spike", "seconds": 3.0, "factor": 4.0, "seed": 5}
    commands.tell(told)
    assert commands.take(commands.run.profile.load_seconds - 0.4) == []
    commands.tell({**told, "order": 2, "factor": 1e9})
    assert commands.take(1.0) == []
    assert [(mark.mark, mark.values["order"]) for mark in commands.marks] == [
        ("order-refused", 1.0),
        ("order-refused", 2.0),
    ]
    assert commands.reader.planned == 100


EXTEND = {"what": "extend", "seconds": 3.0, "rate": 50.0, "seed": 5}


def test_an_extension_brings_its_rate_of_customers_from_the_end_of_the_load_on(
    tmp_path: Path,
) -> None:
    commands = Commands(tmp_path)
    end = commands.run.profile.load_seconds
    commands.tell({"order": 1, **EXTEND}, {"order": 2, **EXTEND, "seed": 6})
    first, second = commands.take(end - 2.0)
    assert isinstance(first, Spike)
    assert isinstance(second, Spike)
    assert (first.start, second.start) == (end, end + 3.0)
    assert (first.first, second.first) == (100, 100 + first.arrivals)
    assert abs(first.arrivals - 150) < 5 * math.sqrt(150)
    dues = [each.due for each in spikes.shard(commands.run.profile, commands.run.seed, first, 0, 1)]
    assert len(dues) == first.arrivals
    assert dues == sorted(dues)
    assert all(end <= due < end + 3.0 for due in dues)
    assert Spike.of(commands.marks[0].values) == first
    assert from_message({"run": "x", **to_message(first)}) == first


def test_an_extended_load_takes_commands_until_its_later_end(tmp_path: Path) -> None:
    commands = Commands(tmp_path)
    end = commands.run.profile.load_seconds
    commands.tell({"order": 1, **EXTEND})
    assert len(commands.take(end - 2.0)) == 1
    commands.tell({"order": 2, **EXTEND})
    assert len(commands.take(end + 1.0)) == 1
    commands.tell({"order": 3, **EXTEND})
    assert commands.take(end + 6.0) == []
    assert [mark.mark for mark in commands.marks] == ["spike", "spike", "order-refused"]
