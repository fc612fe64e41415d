"""A side is read from run directories, folders of them and result files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reports.comparison import sides
from reports.records.errors import HistoryError
from tests.reports.a_run import Run
from tests.reports.comparison.a_side import result


def stored(folder: Path, values: dict[str, Any]) -> Path:
    folder.mkdir(parents=True)
    file = folder / "result.json"
    file.write_text(json.dumps(values))
    return file


def test_a_folder_holds_runs_at_any_depth_in_the_order_of_their_starts(tmp_path: Path) -> None:
    stored(tmp_path / "late", result(2, 5))
    stored(tmp_path / "pairs" / "early", result(0, 4))
    found = sides.read([tmp_path], "main")
    side = found.side("A")
    assert side.seeds == (4, 5)
    assert (side.name, side.label, side.verdicts) == ("A", "main", ("GO", "GO"))


def test_a_run_is_counted_once_however_often_it_is_named(tmp_path: Path) -> None:
    stored(tmp_path / "one", result(0))
    assert len(sides.read([tmp_path, tmp_path / "one"]).results) == 1


def test_a_result_file_is_a_run(tmp_path: Path) -> None:
    file = stored(tmp_path / "one", result(0))
    assert sides.read([file]).label == str(file)


def test_a_run_without_a_result_is_judged_from_its_records(tmp_path: Path) -> None:
    run = tmp_path / "20261127T180000Z-smoke-41"
    Run().write(run)
    (found,) = sides.read([run]).results
    assert found["name"] == run.name


def test_a_label_hides_the_password_of_an_address() -> None:
    found = sides.of_results([result(0)], "--redis redis://user:secret@host:6379/0")
    assert found.side("B").label == "--redis redis://…@host:6379/0"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "must be a result.json, got"),
        ('{"schema_version": 2}', "schema_version must be 1, got 2"),
        ('{"schema_version": 1}', "name must be a text, got nothing"),
        (json.dumps(result(0, verdict="MAYBE")), "verdict must be GO, NO-GO or INCONCLUSIVE"),
        (json.dumps(result(0, gates=[{}])), r"gates must be a list of gates, .*, got \[\{\}\]"),
        (json.dumps(result(0, faults=[{}])), "faults must be a list of faults, each with an id"),
        (json.dumps({**result(0), "seed": [1]}), r"seed must be a whole number, got \[1\]"),
        (json.dumps(result(0, memory="x")), "memory must be an object, got 'x'"),
        (json.dumps(result(0, generator=[1])), "generator must be an object of numbers"),
        (json.dumps(result(0, timeline=[1])), "timeline must be an object, got"),
        (json.dumps(result(0, latency={"steady": 1})), "latency must be an object of phases"),
        (json.dumps(result(0, started="yesterday")), "started must be a date and time"),
    ],
)
def test_a_damaged_result_is_named(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "result.json"
    file.write_text(content)
    with pytest.raises(HistoryError, match=message) as raised:
        sides.read([file])
    assert str(file) in str(raised.value)


@pytest.mark.parametrize("name", ["", "nowhere"])
def test_a_folder_without_a_run_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(HistoryError, match="must"):
        sides.read([tmp_path / name])
