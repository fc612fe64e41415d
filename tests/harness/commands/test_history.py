"""`diya history` on folders of stored results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness import parser
from harness.commands import history
from harness.errors import ConfigError
from tests.reports.history.a_folder import a_result


def keep(folder: Path, result: dict[str, Any]) -> None:
    """The run directory of a result, as far as a CI system keeps it."""
    place = folder / str(result["name"])
    place.mkdir(parents=True)
    (place / "result.json").write_text(json.dumps(result))


def run(*arguments: str | Path) -> int:
    return history.main(parser.build().parse_args(["history", *map(str, arguments)]))


def test_runs_at_any_depth_are_listed_and_the_files_are_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(tmp_path / "main", a_result(2))
    keep(tmp_path / "main" / "older", a_result(1))
    assert run(tmp_path) == 0
    screen = capsys.readouterr().out
    assert "2 runs of 1 set-up, 2026-11-01 to 2026-11-02" in screen
    assert screen.splitlines()[-1] == f"Report  {tmp_path}/history.html"
    (group,) = json.loads((tmp_path / "history.json").read_text())["groups"]
    assert [each["path"] for each in group["runs"]] == [
        "main/older/20261101T133000Z-diwali-7",
        "main/20261102T133000Z-diwali-7",
    ]


def test_files_that_are_no_results_are_named_and_passed_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(tmp_path, a_result(1))
    damaged = json.dumps({**a_result(2), "gates": "x"})
    for name, text in (("cut", "{"), ("other", "{}"), ("damaged", damaged)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "result.json").write_text(text)
    (tmp_path / "killed").mkdir()
    (tmp_path / "killed" / "run.json").write_text("{}")
    assert run(tmp_path) == 0
    screen = " ".join(capsys.readouterr().out.split())
    assert f"{tmp_path}/cut/result.json: cannot be read" in screen
    assert f"{tmp_path}/other/result.json: must be the result of a run" in screen
    assert f"{tmp_path}/damaged/result.json: gates must be a list of gates, each with" in screen
    assert f"{tmp_path}/killed: has no result.json: `diya report" in screen


def test_a_folder_of_damaged_results_only_is_refused_with_the_first_of_them(
    tmp_path: Path,
) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "result.json").write_text(json.dumps({**a_result(1), "faults": 3}))
    said = r"got no result\.json .*; .*x/result\.json: faults must be"
    with pytest.raises(ConfigError, match=said):
        run(tmp_path)


def test_json_is_printed_without_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(tmp_path, a_result(1))
    assert run(tmp_path, "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["groups"]) == 1
    assert not (tmp_path / "history.json").exists()


def test_the_files_go_where_the_user_says_and_quiet_prints_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(tmp_path / "runs", a_result(1))
    assert run(tmp_path / "runs", "--out", tmp_path / "site", "--quiet") == 0
    printed = capsys.readouterr().out
    assert printed == f"{tmp_path}/site/history.html  1 run of 1 set-up, 2026-11-01\n"
    assert not (tmp_path / "runs" / "history.html").exists()


@pytest.mark.parametrize("name", ["", "missing"])
def test_a_folder_without_runs_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="must"):
        run(tmp_path / name)
