"""`diya readiness`: the run, from the plan to the verdict."""

from __future__ import annotations

import argparse
import logging
import shlex
import sys
from pathlib import Path

from chaos.experiment.model import Experiment, plan_of
from harness import ci_files
from harness.commands import baseline_shown, join, report
from harness.errors import ConfigError, RecordsError
from harness.live import options as live_options
from harness.live import watcher
from harness.run import read_plan
from harness.run.directory import rundir, stored_results
from harness.run.model import model_forecast, model_options
from harness.run.plan import Plan
from harness.run.play import play
from harness.run.progress import Progress
from harness.run.target import dry, pod_target, target_redis
from harness.run.target.dry import DryRun
from reports.basics.exit_codes import ExitCode
from reports.model_cost import prices
from reports.records import run_file

_LOG = logging.getLogger(__name__)


def main(args: argparse.Namespace) -> int:
    """Run, judge, report; returns the verdict's exit code."""
    if args.join is not None:
        return join.main(args)
    baseline = stored_results.baseline([Path(each) for each in args.baseline or ()])
    if args.same_machine and not args.baseline:
        raise ConfigError("--same-machine: must be given with --baseline")
    watching = live_options.watching(args)
    plan = read_plan.from_args(args, ask=True)
    if args.dry and plan.experiment is not None:
        return _dry(plan, plan.experiment)
    run_dir = rundir.create(plan.out, plan.name, plan.seed, plan.origin)
    plan = plan.with_experiment_at(run_dir / rundir.EXPERIMENT_FILE)
    run_file.write(run_dir, plan.description())
    if plan.experiment is not None:
        rundir.write_experiment(run_dir, plan.experiment.source)
    _LOG.info("run directory %s; to play it again: %s", run_dir, shlex.join(plan.command))
    progress = Progress(quiet=args.quiet)
    progress.say(
        f"profile {plan.profile.name}, seed {plan.seed}, 1 s stands for "
        f"{plan.profile.compression:g} s of the sale, TTL {plan.profile.real_ttl_seconds:g} s"
    )
    if plan.model.kind == model_options.REAL:
        listed = plan.model_prices or prices.read()
        for line in model_forecast.announcement(plan.profile, plan.book, listed):
            progress.say(line)
    if plan.model.note:
        progress.say(f"note: {plan.model.note}")
    if plan.experiment is not None:
        for note in plan.experiment.notes:
            progress.say(f"{plan.experiment.path}: {note}")
    if plan.drawn and plan.experiment is not None:
        for line in plan_of(plan.experiment):
            progress.say(line)
    try:
        with watcher.shown(run_dir, watching, progress):
            play(plan, run_dir, progress)
            code = report.judge_and_show(run_dir, quiet=args.quiet)
    except (KeyboardInterrupt, RecordsError):
        progress.clear()
        print(f"diya: to judge the records of the run: diya report {run_dir}", file=sys.stderr)
        raise
    ci_files.tell(run_dir)
    if args.baseline:
        baseline_shown.show(
            *(run_dir, args.baseline, baseline), same_machine=args.same_machine, quiet=args.quiet
        )
    return code


def _dry(plan: Plan, experiment: Experiment) -> int:
    """Show what the experiment would do; 104 when something is missing."""
    target_redis.check(plan)
    target = dry.target_system(plan)
    with pod_target.connected(plan, target) as found:
        look = DryRun(experiment, found.system or target, pods=plan.pods is not None)
        for line in (*found.lines, *look.lines()):
            print(line)
    for note in experiment.notes:
        print(f"note: {note}")
    for sentence in (*look.missing, *found.lacking):
        print(f"diya: {sentence}", file=sys.stderr)
    return ExitCode.BAD_CONFIGURATION if look.missing else ExitCode.GO
