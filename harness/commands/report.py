"""`diya report`: judges a run directory, with the code that judges a run when it ends."""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
from pathlib import Path

from msgspec.structs import replace

from harness.capacity import stored
from harness.errors import ConfigError
from harness.run.marks import windows_file
from harness.run.options import option_values
from reports.model_cost.prices import ModelPrices
from reports.records import declared_faults
from reports.records.history import HistoryError
from reports.render import files as render
from reports.render import terminal
from reports.verdict import judge

_LOG = logging.getLogger(__name__)


def main(args: argparse.Namespace) -> int:
    """Judge a stored run again; returns the verdict's exit code.

    Raises HistoryError when the directory holds no run or is not writable, ConfigError for prices
    or windows that cannot be used.
    """
    run_dir = Path(args.run_dir)
    try:
        if stored.is_one(run_dir):
            if args.windows is not None:
                raise ConfigError(
                    f"--windows {args.windows}: must be given with the directory of a run, but "
                    f"{run_dir} is that of a capacity run"
                )
            return _capacity(run_dir, args.model_prices, quiet=args.quiet)
        prices = option_values.model_prices(args.model_prices)
        if args.windows is not None:
            windows = windows_file.read(Path(args.windows), run_dir)
            declared_faults.store(run_dir, windows)
            _LOG.info("%s: %d windows of %s kept", run_dir, len(windows), args.windows)
        return judge_and_show(run_dir, quiet=args.quiet, prices=prices)
    except OSError as error:
        where = error.filename or run_dir
        raise HistoryError(f"{where}: the report cannot be written: {error.strerror}") from None


def _capacity(root: Path, model_prices: str | None, *, quiet: bool) -> int:
    # Imported only now: a run pays nothing for capacity runs.
    from harness.capacity.answering import answer_and_show
    from harness.capacity.ledger import judged_again

    findings = judged_again(root)
    if model_prices is not None:
        asked = replace(findings.asked, model_prices=model_prices)
        findings = replace(findings, asked=asked)
    return answer_and_show(root, findings, quiet=quiet)


def judge_and_show(run_dir: Path, *, quiet: bool = False, prices: ModelPrices | None = None) -> int:
    """Judge, write every output into the run directory, print the screen, or one line if `quiet`.

    `prices` are those of models, instead of the run's own.  Raises HistoryError for a directory
    that is not a run's.
    """
    result = judge.judge(run_dir, prices)
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
