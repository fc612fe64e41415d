"""The file of recorded runs, and what is played next."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
from msgspec import structs

from tests.validate.compare import record as recording
from tests.validate.compare.differences import difference, restored
from tests.validate.compare.record import missing, order, record
from tests.validate.compare.recorded import Run, kept, pairs, read, write
from tests.validate.compare.series import SERIES, Series

BASE: dict[str, Any] = {"a": 1, "b": {"c": None, "d": [1, 2]}, "gone": 3}


@pytest.mark.parametrize(
    "value",
    [
        BASE,
        {"a": 2, "b": {"c": 0.5, "d": [2, 1]}, "gone": 3},
        {"a": None, "b": {"d": [1, 2]}},
        {"a": 1, "b": 7, "gone": {"new": True}},
        {"a": True, "b": {"c": None, "d": [1, 2], "e": {}}, "gone": 3.0},
    ],
)
def test_a_value_is_restored_from_its_difference(value: dict[str, Any]) -> None:
    found = restored(BASE, difference(BASE, value))
    assert found == value
    assert type(found["a"]) is type(value["a"])


def test_an_equal_value_differs_in_nothing() -> None:
    differs = difference(BASE, BASE)
    assert not differs.values
    assert not differs.missing


def test_a_key_with_a_slash_is_refused() -> None:
    with pytest.raises(ValueError, match="slash"):
        difference({}, {"a/b": 1})


def a_run(pair: int, side: Literal["A", "B"], p50: float = 0.16, series: str = "quiet") -> Run:
    result = {
        "seed": pair,
        "verdict": "GO",
        "latency": {"steady": {"p50": p50}},
        "environment": {"machine": "m"},
    }
    return Run(series=series, pair=pair, side=side, others=0.01, result=result)


def test_runs_are_read_as_they_were_written(tmp_path: Path) -> None:
    runs = [a_run(1, "A"), a_run(1, "B", 0.17), a_run(2, "B", 0.18)]
    write(runs, tmp_path / "runs.json")
    assert read(tmp_path / "runs.json") == runs


def test_the_course_of_a_run_is_kept_and_may_be_unknown(tmp_path: Path) -> None:
    before = a_run(1, "A")
    after = structs.replace(a_run(1, "B"), course={"work": [600, 610.5]}, spent={"user_s": 20.5})
    write([before, after], tmp_path / "runs.json")
    assert read(tmp_path / "runs.json") == [before, after]
    assert (tmp_path / "runs.json").read_text().count('"course"') == 1


def test_a_file_that_is_not_there_holds_no_runs(tmp_path: Path) -> None:
    assert read(tmp_path / "none.json") == []


def test_only_complete_pairs_of_the_series_are_compared() -> None:
    runs = [a_run(1, "A"), a_run(1, "B"), a_run(2, "B"), a_run(3, "A", series="shared")]
    assert [pair.number for pair in pairs(runs, "quiet")] == [1]
    assert pairs(runs, "shared") == []


def test_the_first_of_a_pair_is_the_run_that_was_played_first() -> None:
    (pair,) = pairs([a_run(2, "B"), a_run(2, "A")], "quiet")
    assert (pair.first.side, pair.second.side) == ("B", "A")


def test_the_order_of_the_sides_is_abba() -> None:
    assert [*order(1), *order(2), *order(3)] == ["A", "B", "B", "A", "A", "B"]


def test_an_interrupted_series_goes_on_with_the_pairs_that_are_missing() -> None:
    assert missing({1, 2, 4}, 6) == [3, 5, 6]
    assert missing({1, 2}, 2) == []
    assert missing(set(), 2) == [1, 2]


def test_nothing_of_the_machine_but_its_hash_is_kept() -> None:
    result = {
        "environment": {"platform": "Linux 6.1.0-mine x86_64", "machine": "0123456789ab"},
        "gates": [
            {"name": "g", "status": "pass", "value": 0.123, "limit": 1, "summary": "s",
             "evidence": ["e"], "sample": {"n": 3}},
            {"name": "h", "status": "fail", "value": 2.5, "limit": 1, "summary": "t",
             "evidence": ["e"]},
        ],
        "reproduce": ["diya", "readiness", "--profile", "/home/me/short.toml"],
        "timeline": {"t": [1.0]},
        "latency": {"steady": {"p50": 0.123456789, "count": 3}},
    }  # fmt: skip
    found = kept(result)
    assert found["environment"] == {"platform": "Linux x86_64", "machine": "0123456789ab"}
    assert found["reproduce"] is None
    assert found["latency"]["steady"] == {"p50": 0.123457, "count": 3}
    passed, failed = found["gates"]
    assert (passed["status"], passed["value"], passed["evidence"]) == ("pass", None, [])
    assert (failed["value"], failed["summary"]) == (2.5, "t")
    assert "/home/me" not in str(found)


class _Player:
    """Plays runs at once, and is interrupted in one of them."""

    def __init__(self, interrupted_at: int) -> None:
        self.played: list[tuple[int, str]] = []
        self._interrupted_at = interrupted_at

    def __call__(self, series: Series, number: int, side: Literal["A", "B"]) -> Run:
        if len(self.played) == self._interrupted_at:
            self._interrupted_at = -1
            raise KeyboardInterrupt
        self.played.append((number, side))
        return a_run(number, side, series=series.name)


def test_an_interruption_loses_no_pair_that_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = _Player(interrupted_at=3)
    monkeypatch.setattr(recording, "_played", player)
    file = tmp_path / "runs.json"
    with pytest.raises(KeyboardInterrupt):
        record(SERIES["quiet"], wanted=3, minutes=60, path=file)
    assert len(read(file)) == 3
    assert record(SERIES["quiet"], wanted=3, minutes=60, path=file) == 3
    # The run whose partner was interrupted is played again: a pair is played in one go.
    assert player.played == [
        *((1, "A"), (1, "B"), (2, "B")),
        *((2, "B"), (2, "A"), (3, "A"), (3, "B")),
    ]
    assert len(read(file)) == 6


def test_no_pair_begins_that_would_end_too_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = _Player(interrupted_at=-1)
    monkeypatch.setattr(recording, "_played", player)
    assert record(SERIES["quiet"], wanted=3, minutes=0.5, path=tmp_path / "runs.json") == 0
    assert player.played == []
