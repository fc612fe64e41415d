"""Reading a run directory: a killed run's half-written last line is accepted, other damage not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reports.records.history import HistoryError, read
from tests.reports.a_run import Run


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    run = Run()
    run.sound()
    run.fault("kill-redis", 11.0, 12.0)
    return run.write(tmp_path / "run")


def edit(run_dir: Path, **values: object) -> None:
    path = run_dir / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_records_are_read_back_as_they_were_written(run_dir: Path, tmp_path: Path) -> None:
    run = Run()
    run.sound()
    run.fault("kill-redis", 11.0, 12.0)
    assert read(run_dir).turns.of(0) == run.conversations[0].turns
    assert read(run_dir).audits.of(0) == run.conversations[0].audits
    assert read(run_dir).faults == run.faults
    assert not read(run_dir).cut_short


def test_a_last_line_cut_off_anywhere_is_left_out(run_dir: Path) -> None:
    path = run_dir / "turns.jsonl"
    whole = path.read_bytes()
    last = whole[:-1].rindex(b"\n") + 1
    for length in range(last + 1, len(whole) - 2):
        path.write_bytes(whole[:length])
        assert len(read(run_dir).turns) == 2


def test_missing_files_are_empty(run_dir: Path) -> None:
    for path in run_dir.glob("*.jsonl"):
        path.unlink()
    history = read(run_dir)
    assert len(history.turns) == 0
    assert history.cut_short
    assert history.load_start is None


def test_a_garbled_line_is_named_with_its_file_and_number(run_dir: Path) -> None:
    path = run_dir / "turns.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"garbage\n", *lines[1:]]))
    history = read(run_dir)
    assert [(each.file, each.line) for each in history.damaged] == [("turns.jsonl", 2)]
    assert len(history.turns) == len(lines)


@pytest.mark.parametrize("line", [b"\xff\xfe\n", b"\n", b'{"t":1.0,"ma\n'])
def test_a_damaged_line_at_the_end_is_named(run_dir: Path, line: bytes) -> None:
    with (run_dir / "load.jsonl").open("ab") as file:
        file.write(line)
    assert [each.line for each in read(run_dir).damaged] == [7]


@pytest.mark.parametrize(
    "line", [b"[1]\n", b'{"t": 1}\n', b'{"t":"soon","mark":"end","values":{}}\n']
)
def test_a_whole_line_that_is_no_record_is_an_error_even_at_the_end(
    run_dir: Path, line: bytes
) -> None:
    with (run_dir / "load.jsonl").open("ab") as file:
        file.write(line)
    with pytest.raises(HistoryError, match=r"load\.jsonl: line 7"):
        read(run_dir)


def test_a_time_that_is_no_number_is_named(run_dir: Path) -> None:
    path = run_dir / "turns.jsonl"
    path.write_text(path.read_text().replace('"sent":10.0', '"sent":NaN'))
    with pytest.raises(HistoryError, match=r"line 1: .*must be a TurnRecord"):
        read(run_dir)


def test_a_directory_without_run_json_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"not a run directory: it has no run\.json"):
        read(tmp_path)
    with pytest.raises(HistoryError, match="not a run directory"):
        read(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"schema_version": 2}, "schema_version must be 1, got 2"),
        ({"origin": "noon"}, "origin must be seconds, at least 0, got 'noon'"),
        ({"origin": 1e300}, "origin must be seconds, .*, got 1e\\+300"),
        ({"ttl_seconds": None}, "ttl_seconds must be seconds, .*, got nothing"),
        ({"ttl_seconds": -1}, "ttl_seconds must be seconds, .*, got -1"),
        ({"profile": []}, "profile must be an object, got"),
    ],
)
def test_a_wrong_value_in_run_json_is_named(
    run_dir: Path, values: dict[str, object], sentence: str
) -> None:
    edit(run_dir, **values)
    with pytest.raises(HistoryError, match=rf"run\.json: {sentence}"):
        read(run_dir)


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_garbled_run_json_is_named(run_dir: Path, text: str) -> None:
    (run_dir / "run.json").write_text(text)
    with pytest.raises(HistoryError, match=r"run\.json"):
        read(run_dir)


def test_a_file_where_a_directory_should_be_is_no_run(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(HistoryError, match="not a run directory"):
        read(path)


def test_a_derived_value_is_computed_once(run_dir: Path) -> None:
    asked: list[str] = []

    def derive(_: object) -> int:
        asked.append("again")
        return 42

    history = read(run_dir)
    assert (history.once(derive), history.once(derive)) == (42, 42)
    assert asked == ["again"]


def test_the_sizing_of_a_run_is_read(run_dir: Path) -> None:
    values = {
        "mode": "auto",
        "factor": 0.46,
        "cpu_s_per_turn": 0.045,
        "cores": 2.0,
        "carries_turns_per_s": 38.0,
        "planned_peak_turns_per_s": 70.0,
        "peak_turns_per_s": 32.2,
        "turns": 84,
        "seconds": 3.1,
        "cpu_s_per_first_turn": 0.03,
    }
    assert read(run_dir).run.sizing is None
    edit(run_dir, sizing=values)
    sizing = read(run_dir).run.sizing
    assert sizing is not None
    assert sizing.to_dict() == values
