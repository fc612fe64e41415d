"""The summary of a GitHub step: appended, and never larger than what GitHub takes."""

from __future__ import annotations

from pathlib import Path

from harness.ci_files import append_summary

MIB = 1024 * 1024


def test_summaries_of_one_step_stand_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    append_summary(path, "## first\n")
    append_summary(path, "## second\n")
    assert path.read_text() == "## first\n## second\n"


def test_what_does_not_fit_is_cut_at_a_line_with_a_word_about_it(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    append_summary(path, "| ✅ | gate |\n" * 100_000)
    data = path.read_bytes()
    assert MIB - 200 < len(data) <= MIB
    text = data.decode()  # not cut in the middle of a character
    assert "cut:" in text.splitlines()[-1]
    assert set(text.splitlines()[:-2]) == {"| ✅ | gate |"}
    append_summary(path, "## more\n" * 10)
    assert path.stat().st_size <= MIB
