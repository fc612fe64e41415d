"""A finished comparison: its files, the screen, and the exit code."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from reports.basics.exit_codes import ExitCode
from reports.comparison.model import Comparison, Word
from reports.render.comparison import files, terminal

_LOG = logging.getLogger(__name__)


def write_and_show(
    comparison: Comparison, folder: Path, *, quiet: bool = False, undecided_fails: bool = False
) -> int:
    """Write every output into the folder, print the screen, or one line if `quiet`.

    Returns the exit code.  Raises OSError when the folder is not writable.
    """
    files.write_all(folder, comparison, undecided_fails=undecided_fails)
    _LOG.info("%s written: %s", folder, comparison.word)
    if quiet:
        print(terminal.word_line(comparison, str(folder)))
    else:
        report = str(folder / files.PAGE)
        print(terminal.render(comparison, color=sys.stdout.isatty(), report=report), end="")
    return exit_code(comparison.word, undecided_fails=undecided_fails)


def exit_code(word: Word, *, undecided_fails: bool = False) -> ExitCode:
    """The exit code of a comparison's word."""
    if word is Word.WORSE:
        return ExitCode.NO_GO
    if undecided_fails and word in {Word.UNDECIDED, Word.NO_STATEMENT}:
        return ExitCode.INCONCLUSIVE
    return ExitCode.GO
