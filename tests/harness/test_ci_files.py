"""The summary of a GitHub step is appended, and never larger than GitHub's limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import ci_files
from harness.ci_files import append_summary

MIB = 1024 * 1024


def test_summaries_of_one_step_stand_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    append_summary(path, "## first\n")
    append_summary(path, "## second\n")
    assert path.read_text() == "## first\n## second\n"


def test_a_long_summary_is_cut_at_a_line_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    append_summary(path, "| ✅ | gate |\n" * 100_000)
    data = path.read_bytes()
    assert MIB - 200 < len(data) <= MIB
    text = data.decode()  # not cut in the middle of a character
    assert "cut:" in text.splitlines()[-1]
    assert set(text.splitlines()[:-2]) == {"| ✅ | gate |"}
    append_summary(path, "## more\n" * 10)
    assert path.stat().st_size <= MIB


def test_a_summary_that_cannot_be_written_costs_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_dir, result, nowhere = tmp_path / "run", tmp_path / "result", tmp_path / "no" / "summary"
    run_dir.mkdir()
    (run_dir / "summary.md").write_text("## GO\n")
    monkeypatch.setenv(ci_files.STEP_SUMMARY, str(nowhere))
    monkeypatch.setenv(ci_files.RESULT_FILE, str(result))
    ci_files.tell(run_dir)
    assert result.read_text() == str(run_dir)
    said = capsys.readouterr().err.splitlines()
    assert said == [
        f"diya: $GITHUB_STEP_SUMMARY cannot be written: {nowhere}: No such file or directory"
    ]
    monkeypatch.setenv(ci_files.RESULT_FILE, str(tmp_path))
    monkeypatch.setenv(ci_files.STEP_SUMMARY, str(tmp_path / "summary"))
    ci_files.tell(run_dir)
    assert (tmp_path / "summary").read_text() == "## GO\n"
    assert "$DIYA_RESULT_FILE cannot be written" in capsys.readouterr().err
