"""`diya capacity`: the demand, the probes, and the answer sheet."""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
from pathlib import Path

import msgspec
from msgspec.structs import replace

from harness.capacity import lengths, request, stored
from harness.capacity.answering import answer_and_show
from harness.capacity.flow import Flow
from harness.capacity.ledger import Ledger
from harness.capacity.play_probe import ProbePlayer
from harness.capacity.progress import CapacityProgress
from harness.capacity.request import Request
from harness.errors import ConfigError, RecordsError
from harness.run.directory import rundir
from reports.capacity.findings import FILE, CapacityFindings

_LOG = logging.getLogger(__name__)


def main(args: argparse.Namespace) -> int:
    """Play, judge, answer; returns the exit code.

    0: an answer was found, and the replicas of today, if they were given, carry the load; 99: they
    do not; 75: no answer was found.
    """
    if args.from_run is not None:
        return _again(args)
    asked = request.from_args(args)
    base = asked.base
    root = rundir.create(base.out, f"capacity-{base.name}", base.seed, base.origin)
    (root / "logs").rmdir()  # each probe has its own
    _LOG.info("capacity run %s", root)
    planned_s = asked.minutes * 60 + asked.redis.planned_s
    progress = CapacityProgress(planned_s, quiet=args.quiet)
    for each in asked.too_large:
        progress.problem(f"left out: {each}")
    ledger = Ledger(root, _before(asked))
    try:
        _play(asked, ProbePlayer(base, root, progress), ledger, progress)
        if asked.redis.sizes and ledger.findings.demand is not None:
            ledger.add_redis(asked.redis.measured(root, progress))
    except ValueError:
        if not ledger.findings.probes:
            shutil.rmtree(root)  # the input was refused: nothing was found
        raise
    except (KeyboardInterrupt, RecordsError):
        progress.clear()
        print(f"diya: the probes so far can be judged: diya report {root}", file=sys.stderr)
        raise
    progress.clear()
    return answer_and_show(root, ledger.findings, quiet=args.quiet)


def _again(args: argparse.Namespace) -> int:
    """Answer another question from a stored run; its own question stays in `capacity.json`.

    With numbers of sessions Redis is measured first, and kept there.
    """
    root = Path(args.from_run)
    request.check_from(args)
    if not stored.is_one(root):
        raise ConfigError(
            f"--from {root}: must be the directory of a capacity run, which holds {FILE}"
        )
    findings = stored.read(root)
    asked = request.question(args)
    redis = request.redis_again(args, findings, root)
    if redis is not None:
        progress = CapacityProgress(redis.planned_s, quiet=args.quiet)
        size = redis.measured(root, progress)
        progress.clear()
        if size.points:
            findings = replace(findings, redis_size=size)
            stored.write(root, findings)
    return answer_and_show(root, replace(findings, asked=asked), quiet=args.quiet)


def _play(asked: Request, play: ProbePlayer, ledger: Ledger, progress: CapacityProgress) -> None:
    flow = Flow(
        play=play,
        judge=ledger,
        lengths=lengths.for_minutes(asked.minutes),
        watched=progress,
        seed=asked.base.seed,
        budget_s=asked.minutes * 60,
    )
    if asked.ceiling is None:
        flow.run()
    else:
        flow.run_steps(asked.ceiling)


def _before(asked: Request) -> CapacityFindings:
    """The findings before the first probe."""
    base, description = asked.base, asked.base.description()
    return CapacityFindings(
        profile=base.profile.name,
        sessions=description.sessions or "unknown",
        agent=description.agent,
        target=base.target,
        seed=base.seed,
        asked=asked.asked,
        profile_values=base.profile.to_dict(),
        journeys=None if base.book is None else base.book.to_dict(),
        slo=dict(base.profile.slo),
        environment=msgspec.to_builtins(description.environment),
        pinned={} if description.pinned is msgspec.UNSET else dict(description.pinned or {}),
    )
