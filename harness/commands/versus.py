"""`diya versus`: pairs of runs of two set-ups in turns, and their comparison."""

from __future__ import annotations

import argparse
import contextlib
import logging
import sys
import time
from pathlib import Path

from harness import ci_files
from harness.commands.comparison_report import write_and_show
from harness.errors import ConfigError
from harness.run.directory import rundir
from harness.run.model import model_forecast, model_options
from harness.versus import figures, load, request, rules
from harness.versus.flow import Flow
from harness.versus.player import ProcessPlayer
from harness.versus.progress import VersusProgress
from harness.versus.request import Request
from harness.versus.sides import Side
from reports.basics.exit_codes import ExitCode
from reports.comparison import versus_file
from reports.comparison.compare import compare
from reports.comparison.statistics import NEAR_S
from reports.comparison.versus_file import Versus
from reports.model_cost import prices
from reports.render.comparison import files

_LOG = logging.getLogger(__name__)


def main(args: argparse.Namespace) -> int:
    """Play, compare; returns the exit code.

    0: B is not shown to be worse; 99: it is; 75: no pair counts, or the comparison is undecided and
    `--undecided fail` was given; 105: interrupted, after a comparison of the pairs so far.
    """
    asked, begun = request.from_args(args), time.monotonic()
    a = asked.a.plan
    folder = rundir.create(asked.out, f"versus-{a.name}", asked.seed, time.time())
    (folder / "logs").rmdir()  # each run has its own
    _LOG.info("comparison in turns %s", folder)
    progress = VersusProgress(asked.pairs, asked.minutes, figures.main_figure, quiet=args.quiet)
    for side in (asked.a, asked.b):
        _announce(side, progress)
    if request.planned_s(asked.a) > NEAR_S:
        progress.tell(
            f"a run takes more than {NEAR_S / 60:.0f} min: the machine may change within a pair, "
            "so that CPU and latency are not compared"
        )
    flow = None
    try:
        factor, sized = load.size(asked, folder, progress)
        progress.tell(sized)
        left_s = asked.minutes * 60 - (time.monotonic() - begun)
        flow = _flow(asked, folder, factor, sized, progress, left_s)
        flow.run()
    except (ConfigError, KeyboardInterrupt) as error:
        progress.clear()
        if flow is None:
            with contextlib.suppress(OSError):
                folder.rmdir()  # nothing was played
        elif flow.finished and isinstance(error, KeyboardInterrupt):
            _compared(folder, args)
        raise
    progress.clear()
    progress.tell(f"no further pair: {flow.ended}")
    if not flow.finished:
        print(f"diya: no pair counts: {flow.ended}", file=sys.stderr)
        return ExitCode.INCONCLUSIVE
    return _compared(folder, args)


def _flow(
    asked: Request,
    folder: Path,
    factor: float,
    sized: str,
    progress: VersusProgress,
    left_s: float,
) -> Flow:
    written = Versus(
        a=asked.a.label,
        b=asked.b.label,
        common=asked.common,
        seed=asked.seed,
        factor=factor,
        sized=sized,
        wanted=asked.pairs,
        precision=asked.precision,
        minutes=asked.minutes,
    )

    def keep(flow: Flow) -> None:
        versus_file.write(folder, flow.kept_in(written))

    versus_file.write(folder, written)
    rule = rules.as_needed(asked.precision) if asked.pairs is None else rules.exactly(asked.pairs)
    sides = {asked.a.name: asked.a, asked.b.name: asked.b}
    player = ProcessPlayer(folder, sides, asked.seed, factor, progress.said)
    return Flow(player, rule, progress, keep, budget_s=left_s, pair_s=asked.pair_s)


def _announce(side: Side, progress: VersusProgress) -> None:
    """Say first what the runs ask of a real model."""
    if side.plan.model.kind != model_options.REAL:
        return
    listed = side.plan.model_prices or prices.read()
    progress.tell(f"side {side.name} asks a real model, in each of its runs:")
    for line in model_forecast.announcement(side.plan.profile, side.plan.book, listed):
        progress.tell(f"  {line}")


def _compared(folder: Path, args: argparse.Namespace) -> int:
    """Compare the pairs that count, write and show the comparison; the exit code."""
    a, b = versus_file.sides_of(folder)
    fails = args.undecided == "fail"
    code = write_and_show(compare(a, b), folder, quiet=args.quiet, undecided_fails=fails)
    ci_files.tell_more(folder / files.SUMMARY)
    return code
