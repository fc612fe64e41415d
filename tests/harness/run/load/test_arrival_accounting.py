"""The account of the arrivals after the load generator has died."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.run.load import arrival_accounting
from reports.records import ArrivalRange, Fate, LoadMark, RecordWriter
from tests.loadtests.recorded import fates, offered, records


def _write(run_dir: Path, *marks: str, settled: tuple[int, ...] = ()) -> None:
    with RecordWriter(run_dir) as writer:
        for mark in marks:
            writer.write(LoadMark(0.0, mark, {"arrivals": 10.0} if mark == "start" else {}))
        for index in settled:
            writer.write(offered(index, ended=1.0))


def test_remaining_arrivals_of_a_killed_generator_are_lost_and_noted(tmp_path: Path) -> None:
    _write(tmp_path, "start", settled=(0, 1, 4))
    arrival_accounting.complete(tmp_path, 7.0, -9)
    became = fates(tmp_path)
    assert [*became] == list(range(10))
    assert [index for index, fate in became.items() if fate is Fate.OFFERED] == [0, 1, 4]
    assert records(tmp_path, LoadMark)[-1] == LoadMark(7.0, "generator-lost", {"exit": -9.0})


def test_remaining_arrivals_of_a_generator_killed_by_the_harness_are_cut_off(
    tmp_path: Path,
) -> None:
    _write(tmp_path, "start", settled=(0,))
    arrival_accounting.complete(tmp_path, 7.0, None)
    assert {*fates(tmp_path).values()} == {Fate.OFFERED, Fate.CENSORED}
    assert [mark.mark for mark in records(tmp_path, LoadMark)] == ["start"]


def test_the_arrivals_of_a_spike_are_written_off_as_all_others(tmp_path: Path) -> None:
    _write(tmp_path, "start", settled=(0,))
    with RecordWriter(tmp_path) as writer:
        for order in (1.0, 2.0):
            writer.write(LoadMark(2.0, "spike", {"order": order, "arrivals": 5.0}))
    arrival_accounting.complete(tmp_path, 7.0, -9)
    assert [*fates(tmp_path)] == list(range(20))


def test_an_arrival_is_written_off_only_once(tmp_path: Path) -> None:
    _write(tmp_path, "start", settled=(0,))
    with RecordWriter(tmp_path) as writer:
        writer.write(ArrivalRange(1, 4, 2, Fate.LOST))
    arrival_accounting.complete(tmp_path, 7.0, 0)
    assert [*fates(tmp_path)] == list(range(10))


@pytest.mark.parametrize("marks", [(), ("start", "end", "audited")])
def test_a_load_that_ended_or_never_began_has_nothing_to_complete(
    tmp_path: Path, marks: tuple[str, ...]
) -> None:
    _write(tmp_path, *marks)
    arrival_accounting.complete(tmp_path, 7.0, -9)
    assert not records(tmp_path, ArrivalRange)


def test_a_record_cut_off_in_the_middle_does_not_count(tmp_path: Path) -> None:
    _write(tmp_path, "start", settled=(0, 1))
    path = tmp_path / "conversations.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    arrival_accounting.complete(tmp_path, 7.0, -9)
    (lost,) = records(tmp_path, ArrivalRange)
    assert lost == ArrivalRange(1, 9, 1, Fate.LOST)
