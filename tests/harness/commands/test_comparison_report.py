"""A comparison's files, its screen and its exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.commands import comparison_report
from reports.basics.exit_codes import ExitCode
from reports.comparison.model import Word
from tests.reports.comparison import a_comparison


@pytest.mark.parametrize(
    ("word", "code", "strict"),
    [
        (Word.WORSE, ExitCode.NO_GO, ExitCode.NO_GO),
        (Word.SAME, ExitCode.GO, ExitCode.GO),
        (Word.BETTER, ExitCode.GO, ExitCode.GO),
        (Word.UNDECIDED, ExitCode.GO, ExitCode.INCONCLUSIVE),
        (Word.NO_STATEMENT, ExitCode.GO, ExitCode.INCONCLUSIVE),
    ],
)
def test_the_exit_code_follows_from_the_word(word: Word, code: int, strict: int) -> None:
    assert comparison_report.exit_code(word) == code
    assert comparison_report.exit_code(word, undecided_fails=True) == strict


def test_the_screen_ends_with_the_path_of_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    code = comparison_report.write_and_show(a_comparison.comparison(), folder)
    assert code == ExitCode.NO_GO
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"Report  {folder / 'comparison.html'}"
    assert (folder / "comparison.html").exists()


def test_a_quiet_comparison_prints_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = a_comparison.undecided()
    code = comparison_report.write_and_show(made, tmp_path, quiet=True, undecided_fails=True)
    assert code == ExitCode.INCONCLUSIVE
    assert capsys.readouterr().out == f"undecided  {tmp_path}  {made.headline}\n"
    assert "<error" in (tmp_path / "junit.xml").read_text()
