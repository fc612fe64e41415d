"""The comparison of `diya readiness --baseline`, from stored results: nothing is played."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness import ci_files
from harness.commands import baseline_shown
from harness.run.directory.stored_results import Found
from tests.reports.history.a_folder import a_result

SPREAD = (1.0, 1.01, 0.99, 1.005, 0.995)


def kept(run_dir: Path, result: dict[str, Any]) -> Path:
    """The directory of the judged run."""
    run_dir.mkdir()
    (run_dir / "result.json").write_text(json.dumps(result))
    (run_dir / "junit.xml").write_text("<the runs own/>")
    return run_dir


def baseline() -> list[Found]:
    """Five runs of another machine."""
    results = [a_result(day, redis_bytes=2300 * x) for day, x in enumerate(SPREAD, 1)]
    for result in results:
        result["environment"]["machine"] = "b" * 12
    return [(Path("main") / result["name"], result) for result in results]


def test_bytes_are_judged_latency_is_not_and_the_files_stand_beside_the_runs_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = tmp_path / "summary"
    monkeypatch.setenv(ci_files.STEP_SUMMARY, str(summary))
    run_dir = kept(tmp_path / "run", a_result(9, redis_bytes=3000.0, p99=0.9))
    baseline_shown.show(run_dir, ["main"], baseline(), quiet=False)
    screen = capsys.readouterr().out
    assert "worse" in screen.splitlines()[0]
    assert screen.endswith(f"Report  {run_dir}/comparison.html\n")
    words = {
        each["key"]: each["word"]
        for each in json.loads((run_dir / "comparison.json").read_text())["changes"]
    }
    assert words["redis_bytes_per_turn"] == "worse"
    assert words["p99"] == words["cpu_per_turn"] == "no statement"
    assert (run_dir / "junit.xml").read_text() == "<the runs own/>"
    assert summary.read_text() == (run_dir / "comparison.md").read_text()


def test_latency_is_judged_where_the_user_knows_the_machine(tmp_path: Path) -> None:
    run_dir = kept(tmp_path / "run", a_result(9, p99=0.9))
    baseline_shown.show(run_dir, ["main"], baseline(), same_machine=True)
    changes = json.loads((run_dir / "comparison.json").read_text())["changes"]
    assert {each["key"]: each["word"] for each in changes}["p99"] == "worse"


def test_a_quiet_comparison_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_dir = kept(tmp_path / "run", a_result(9))
    baseline_shown.show(run_dir, ["main"], baseline(), quiet=True)
    word, folder, _ = capsys.readouterr().out.split("  ", 2)
    assert word in ("same", "undecided")
    assert folder == str(run_dir)


def test_a_baseline_of_other_faults_is_told_and_costs_no_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_dir = kept(tmp_path / "run", a_result(9))
    found = baseline()
    for _, result in found:
        result["experiment"]["planned"] = ["kill-redis-1"]
    baseline_shown.show(run_dir, ["main", "x.json"], found, quiet=False)
    assert capsys.readouterr().err == (
        "diya: --baseline main x.json: no statement: none of its 5 runs has this profile and these "
        "faults\n"
    )
    assert not (run_dir / "comparison.json").exists()
