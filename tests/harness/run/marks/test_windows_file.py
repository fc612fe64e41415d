"""`diya report --windows FILE`: faults that are declared after the run."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.errors import ConfigError
from harness.run.marks import windows_file
from reports.records import FaultWindow
from tests.harness import command
from tests.reports.a_run import Run
from tests.reports.gated import busy

ORIGIN = 1793500000.0
TOML = """
[[window]]
name = "db-failover"
start = 20
end = 2026-11-01T02:27:04.5Z
target = "postgres"
lost_unsynced = true

[[window]]
name = "drill"
start = 30.5
end = 31
"""
CSV = """\
name, start, end, target, lost_unsynced
db-failover, 20, 2026-11-01T07:57:04.5+05:30, postgres, TRUE
drill, 30.5, 31, ,
"""
JSON = [
    {
        "name": "db-failover",
        "start": "2026-11-01T02:27:00Z",
        "end": 24.5,
        "target": "postgres",
        "lost_unsynced": True,
    },
    {"name": "drill", "start": 30.5, "end": 31},
]


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return busy().write(tmp_path / "run")


def read(run_dir: Path, text: str, ending: str = "json") -> list[FaultWindow]:
    path = run_dir.parent / f"windows.{ending}"
    path.write_text(text)
    return windows_file.read(path, run_dir)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize(("text", "ending"), [(TOML, "toml"), (CSV, "csv")])
def test_a_file_may_begin_with_a_byte_order_mark(
    run_dir: Path, text: str, ending: str, encoding: str
) -> None:
    path = run_dir.parent / f"marked.{ending}"
    path.write_text(text, encoding=encoding)
    found = [(each.fault, each.start) for each in windows_file.read(path, run_dir)]
    assert found == [(each.fault, each.start) for each in read(run_dir, text, ending)]


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        ("toml", TOML),
        ("csv", CSV),
        ("csv", "\ufeff" + CSV),
        ("json", json.dumps(JSON)),
        ("json", json.dumps({"window": JSON})),
    ],
)
def test_every_format_gives_the_same_windows(run_dir: Path, ending: str, text: str) -> None:
    failover, drill = read(run_dir, text, ending)
    assert (failover.id, failover.target, failover.declared) == (
        "db-failover",
        "postgres",
        f"windows.{ending}",
    )
    assert (failover.start, failover.end, failover.may_lose_since) == (20.0, 24.5, 18.0)
    assert (drill.start, drill.end, drill.target) == (30.5, 31.0, "the service")
    assert drill.may_lose_since is None


@pytest.mark.parametrize(("ending", "text"), [("toml", ""), ("csv", ""), ("json", "[]")])
def test_a_file_may_hold_no_window(run_dir: Path, ending: str, text: str) -> None:
    assert read(run_dir, text, ending) == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"name": "two words"}, "name must be"),
        ({"name": 7}, "name must be"),
        ({"start": "yesterday"}, "start must be seconds of the run, or an ISO time"),
        ({"start": "2026-11-01T02:27:00"}, "with its time zone"),
        ({"start": True}, "start must be seconds"),
        ({"start": float("nan")}, "start must be seconds"),
        ({"start": 10**400}, "start must be seconds"),
        ({"start": None}, "start must be seconds"),
        ({"start": [1]}, "start must be seconds"),
        ({"end": 20}, "end must be later than start"),
        ({"end": "9999-12-31T00:00:00Z"}, "must be within years of the run"),
        ({"end": 1e12}, "must be within years of the run"),
        (
            {"start": 60.0, "end": 61},
            r"must overlap the load of the run \(0.0 s to 60.0 s, 2026-11-01T02:26:40Z",
        ),
        ({"start": -9, "end": 0}, "must overlap the load"),
        ({"target": "a\nb"}, "target must be printable"),
        ({"lost_unsynced": "yes"}, "lost_unsynced must be true or false"),
        ({"why": "x"}, "why must be one of name, start, end"),
    ],
)
def test_a_window_that_cannot_be_judged_is_one_sentence(
    run_dir: Path, values: dict[str, object], expected: str
) -> None:
    with pytest.raises(ConfigError, match=rf"windows.json: window 1: .*{expected}"):
        read(run_dir, json.dumps([{"name": "drill", "start": 20, "end": 24, **values}]))


@pytest.mark.parametrize(
    ("ending", "text", "expected"),
    [
        ("json", '[{"name": "drill", "start": 20}]', "but has no end"),
        ("csv", "name,start\ndrill,20\n", "but has no end"),
        ("csv", "name,start,end\ndrill,20\n", "but has no end"),
        ("csv", "name,start,end\ndrill,20,24,9\n", "line 2 has more fields"),
        ("csv", "name,start,end,lost_unsynced\ndrill,20,24,maybe\n", "true or false, got 'maybe'"),
        ("csv", 'name,start,end\n"drill,20,24\n', "must be CSV of windows: unexpected end of data"),
        ("json", "{", "must be JSON of windows"),
        ("json", "7", "must hold a list of tables"),
        ("json", '{"windows": []}', "the only key of the file must be 'window'"),
        ("toml", "[[window", "must be TOML of windows"),
        ("toml", "[window]\nname = 1", "must hold a list of tables"),
        ("yaml", "", "must be a file that ends with .toml, .csv, .json"),
    ],
)
def test_a_file_that_is_no_such_file_is_one_sentence(
    run_dir: Path, ending: str, text: str, expected: str
) -> None:
    with pytest.raises(ConfigError, match=expected):
        read(run_dir, text, ending)


def test_a_file_that_is_not_there_is_told(run_dir: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        windows_file.read(run_dir / "none.csv", run_dir)


def test_a_run_without_load_has_no_windows(tmp_path: Path) -> None:
    run_dir = Run(marks=()).write(tmp_path / "run")
    with pytest.raises(ConfigError, match="must be a run whose load began"):
        read(run_dir, "[]")


def test_a_run_that_was_cut_short_has_windows_until_its_last_turn(tmp_path: Path) -> None:
    run = busy()
    run.marks = ("start",)
    run_dir = run.write(tmp_path / "run")
    assert len(read(run_dir, '[{"name": "drill", "start": 40, "end": 44}]')) == 1
    with pytest.raises(ConfigError, match="must overlap the load"):
        read(run_dir, '[{"name": "drill", "start": 100, "end": 104}]')


def row(run_dir: Path, *options: str) -> list[tuple[str, str]]:
    finished = command.run_here("report", str(run_dir), *options)
    assert finished.returncode in (0, 75, 99), finished.stderr
    result = json.loads((run_dir / "result.json").read_text())
    assert "page" not in finished.stderr
    return [(fault["id"], fault["declared"]) for fault in result["faults"]]


def test_a_later_report_knows_the_windows_and_another_file_replaces_them(run_dir: Path) -> None:
    file = run_dir.parent / "w.csv"
    file.write_text("name,start,end\ndrill,20,24\n")
    assert row(run_dir, "--windows", str(file)) == [("drill", "w.csv")]
    file.unlink()
    assert row(run_dir) == [("drill", "w.csv")]
    other = run_dir.parent / "other.toml"
    at = datetime.fromtimestamp(ORIGIN + 30, UTC).isoformat()
    other.write_text(f'[[window]]\nname = "drain"\nstart = {at}\nend = 33\n')
    assert row(run_dir, "--windows", str(other)) == [("drain", "other.toml")]


def test_windows_that_cannot_be_used_change_nothing(run_dir: Path) -> None:
    file = run_dir.parent / "w.csv"
    file.write_text("name,start,end\ndrill,24,20\n")
    finished = command.run_here("report", str(run_dir), "--windows", str(file))
    assert finished.returncode == 104
    assert finished.stderr.count("\n") == 1
    assert not (run_dir / "windows.jsonl").exists()
    assert not (run_dir / "result.json").exists()
