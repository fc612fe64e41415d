"""The real run of a configuration: a fleet of diya's, all its replicas on one core."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from chaos.fleet.pinning import Cores
from harness import parser
from harness.capacity.play_probe import kill_experiment
from harness.run import read_plan
from harness.run.directory import rundir
from harness.run.plan import Plan
from harness.run.play import play
from harness.run.progress import Progress
from harness.run.sampling.host import allowed_cores
from loadtests.simulation.calibration import Calibration
from loadtests.simulation.statistics import percentile
from reports.measures.turn_costs import turn_costs
from reports.records import Outcome, run_file
from reports.records.history import History, read
from tests.validate.simulation.configurations import (
    KILL_AT_S,
    MEASURED_S,
    WARM_UP_S,
    Configuration,
)
from tests.validate.simulation.figures import Figures
from tests.validate.simulation.load import planned, seed_of
from tests.validate.simulation.replica_cpu import replica_cpu

_MOST_LOST = 0.01
_FIRST_TOKEN_MS, _TOKENS_PER_S = 60.0, 600.0
"""The scripted model as it is without settings."""
_DOWNTIME_S = 1.0
"""As by the fault's own default."""


def measured(each: Configuration, calibration: Calibration, out: Path) -> Figures:
    """Play it below `out`.  Raises as `harness.run.play.play`."""
    history, rate = played(each, calibration, out)
    return figures(history, history.run.slo("steady_p99_s"), rate)


def played(each: Configuration, calibration: Calibration, out: Path) -> tuple[History, float]:
    """The records of its run, and the planned turns a second."""
    plan, rate = planned_run(each, calibration, out)
    with _model(each.slower_model):
        return records_of(plan, each.name, out), rate


def records_of(plan: Plan, name: str, out: Path) -> History:
    """Play this plan, and read its records."""
    run_dir = rundir.create(out, name, plan.seed, plan.origin)
    run_file.write(run_dir, plan.description())
    if plan.experiment is not None:
        rundir.write_experiment(run_dir, plan.experiment.source)
    play(plan, run_dir, Progress(quiet=True))
    return read(run_dir)


def planned_run(each: Configuration, calibration: Calibration, out: Path) -> tuple[Plan, float]:
    """The plan of its run, and the planned turns a second."""
    profile, rate = planned(each, calibration)
    words = ["readiness", "--replicas", str(each.replicas), "--experiment", "none"]
    base = read_plan.from_args(
        parser.build().parse_args([*words, "--scale", "1", "--out", str(out)])
    )
    *others, last = sorted(allowed_cores())
    plan = replace(
        base,
        profile=profile,
        seed=seed_of(each, profile),
        experiment=kill_experiment(KILL_AT_S, _DOWNTIME_S) if each.kill else None,
        run_id=secrets.token_hex(6),
        origin=time.time(),
        rehearse=False,
        scale=None,
        drained=False,
        cores=Cores((last,) * each.replicas, tuple(others)),
    )
    return plan, rate


@contextmanager
def _model(slower: float) -> Iterator[None]:
    """The replicas' model is so many times slower."""
    values = {
        "DIYA_MODEL_TTFT_MS": f"{_FIRST_TOKEN_MS * slower:g}",
        "DIYA_MODEL_TOKENS_PER_S": f"{_TOKENS_PER_S / slower:g}",
    }
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def figures(history: History, limit_s: float, rate: float) -> Figures:
    """The figures of the measured part of a run.  Raises ValueError without a load."""
    start = history.load_start
    if start is None:
        raise ValueError("the run must have a load")
    first, last = start + WARM_UP_S, start + WARM_UP_S + MEASURED_S
    turns = [turn for turn in history.turns if first <= turn.due < last]
    taken = sorted(turn.latency for turn in turns if turn.outcome is Outcome.OK)
    p99 = percentile(taken, 99)
    within = sum(each <= limit_s for each in taken)
    lost = 1 - len(taken) / max(1, len(turns))
    return Figures(
        rate=rate,
        turns=len(turns),
        goodput_per_s=within / MEASURED_S,
        p50_s=percentile(taken, 50),
        p99_s=p99,
        memory_bytes=_growth(history, start),
        turn_cpu_s=_turn_cpu_s(history, start),
        keeps_slo=p99 is not None and p99 <= limit_s and lost <= _MOST_LOST,
        reference_work_s=turn_costs(history).reference_work_s,
    )


def _growth(history: History, start: float) -> float:
    """From the end of the warm-up, when all connections have their buffers, to the highest."""
    held = [
        sample.values["used_memory"]
        for sample in history.samples_by_source.get("redis", [])
        if "used_memory" in sample.values and sample.t >= start + WARM_UP_S
    ]
    if not held:
        raise ValueError("Redis must have been read during the load")
    return max(held) - held[0]


def _turn_cpu_s(history: History, start: float) -> float | None:
    """CPU of all replicas for one turn that ended, seconds: does the machine still run as fast?"""
    first, last = start + WARM_UP_S, start + WARM_UP_S + MEASURED_S
    used, ended = replica_cpu(history, [(first, last)])
    return used / ended if ended else None
