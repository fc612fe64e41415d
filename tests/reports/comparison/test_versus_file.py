"""`versus.json`, and the two sides in its folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reports.comparison import versus_file
from reports.comparison.versus_file import Pair, Versus
from reports.records.errors import HistoryError
from reports.verdict.result_types import SCHEMA_VERSION

PLAYED = Versus(
    a="",
    b="--rdb",
    common="--profile smoke",
    seed=7,
    factor=0.62,
    sized="sized as asked",
    wanted=None,
    precision=0.05,
    minutes=60.0,
    pairs=(Pair(number=1, order="AB", a="A/one", b="B/two"),),
)


def write_result(folder: Path, name: str) -> None:
    folder.mkdir(parents=True)
    result = {
        "schema_version": SCHEMA_VERSION,
        "name": name,
        "started": "2026-11-27T10:00:00+00:00",
        "verdict": "GO",
        "seed": 7,
        "gates": [],
        "environment": {},
        "costs": {},
    }
    (folder / "result.json").write_text(json.dumps(result))


def test_the_file_reads_as_it_was_written(tmp_path: Path) -> None:
    versus_file.write(tmp_path, PLAYED)
    assert versus_file.is_one(tmp_path)
    assert versus_file.read(tmp_path) == PLAYED


def test_the_sides_have_their_options_as_labels_and_no_run_that_is_left_out(
    tmp_path: Path,
) -> None:
    versus_file.write(tmp_path, PLAYED)
    for side, name in (("A", "one"), ("B", "two"), ("left-out/A", "three")):
        write_result(tmp_path / side / name, name)
    a, b = versus_file.sides_of(tmp_path)
    assert (a.label, b.label) == ("no option of its own", "--rdb")
    assert [[each["name"] for each in side.results] for side in (a, b)] == [["one"], ["two"]]


@pytest.mark.parametrize(
    ("text", "said"),
    [(None, "cannot be read"), ("{}", "must be the file of a comparison in turns")],
)
def test_a_folder_without_such_a_file_is_refused(
    tmp_path: Path, text: str | None, said: str
) -> None:
    if text is not None:
        (tmp_path / versus_file.FILE).write_text(text)
    with pytest.raises(HistoryError, match=said):
        versus_file.read(tmp_path)
