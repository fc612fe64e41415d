"""`diya report`: judges a run directory, with the code that judges a run when it ends."""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
from pathlib import Path

from harness.capacity import stored
from reports.records.history import HistoryError
from reports.render import files as render
from reports.render import terminal
from reports.verdict import judge

_LOG = logging.getLogger(__name__)


def main(args: argparse.Namespace) -> int:
    """Judge a stored run again; returns the verdict's exit code.

    Raises HistoryError when the directory holds no run or is not writable.
    """
    run_dir = Path(args.run_dir)
    try:
        if stored.is_one(run_dir):
            return _capacity(run_dir, quiet=args.quiet)
        return judge_and_show(run_dir, quiet=args.quiet)
    except OSError as error:
        where = error.filename or run_dir
        raise HistoryError(f"{where}: the report cannot be written: {error.strerror}") from None


def _capacity(root: Path, *, quiet: bool) -> int:
    # Imported only now: a run pays nothing for capacity runs.
    from harness.capacity.answering import answer_and_show
    from harness.capacity.ledger import judged_again

    return answer_and_show(root, judged_again(root), quiet=quiet)


def judge_and_show(run_dir: Path, *, quiet: bool = False) -> int:
    """Judge, write every output into the run directory, print the screen, or one line if `quiet`.

    Raises HistoryError for a directory that is not a run's.
    """
    result = judge.judge(run_dir)
    judge.write(run_dir, result)
    render.write_all(run_dir, result)
    _LOG.info("%s judged: %d gates; reports written", run_dir, len(result["gates"]))
    if quiet:
        print(terminal.verdict_line(result, str(run_dir)))
        return int(result["exit_code"])
    width = min(100, shutil.get_terminal_size((100, 40)).columns)
    path = str(run_dir / "report.html")
    print(terminal.render(result, color=sys.stdout.isatty(), width=width, report=path))
    return int(result["exit_code"])
