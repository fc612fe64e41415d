"""`diya simulate`: plays a profile against a simulated service."""

from __future__ import annotations

import argparse
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from chaos.fleet.shapes import SINGLE
from diya_options import flag
from harness.commands.report import judge_and_show
from harness.commands.simulate_faults import faults_of
from harness.errors import ConfigError
from harness.run.directory import rundir
from harness.run.options import option_values
from harness.run.options.agent_options import SHOPMAX
from harness.run.progress import Progress
from harness.run.sampling import host
from loadtests.profiles import journeys
from loadtests.profiles import profile as profiles
from loadtests.profiles.journeys import Book
from loadtests.profiles.profile import HIGHEST_RATE, Profile
from loadtests.simulation import calibration as calibrations
from loadtests.simulation import from_capacity, play
from loadtests.simulation.calibration import DEFAULT, Calibration
from loadtests.simulation.engine import SetUp
from loadtests.simulation.faults import windows
from loadtests.simulation.statistics import Outcomes
from reports.basics.exit_codes import ExitCode
from reports.capacity import findings as capacity
from reports.capacity.findings import CapacityFindings
from reports.records import Fate, Outcome, RecordWriter, run_file
from reports.records.run_description import (
    SCHEMA_VERSION,
    ExperimentDescription,
    RunDescription,
    TopologyDescription,
)

_MOST = 1_000_000
_MIB = 1024.0 * 1024.0


@dataclass(frozen=True)
class _Plan:
    """One simulation, before it begins."""

    profile: Profile
    book: Book | None
    calibration: Calibration
    set_up: SetUp
    seed: int
    shards: int


def main(args: argparse.Namespace) -> int:
    """Simulate, or make a calibration; returns the exit code: the verdict's, or 0 without records.

    Raises ConfigError, ProfileError or CalibrationError for input that cannot be used.
    """
    if args.calibrate is not None:
        return _calibrate(Path(args.calibrate))
    plan = _plan(args)
    progress = Progress(quiet=args.quiet)
    if args.seeds > 1 or args.no_records or args.shards > 1:
        return _statistics(plan, args.seeds, progress)
    return _recorded(plan, Path(args.out), progress, args)


def _calibrate(directory: Path) -> int:
    """Make `calibration.json` from `capacity.json`."""
    file = directory / capacity.FILE
    try:
        found = msgspec.json.decode(file.read_bytes(), type=CapacityFindings)
    except OSError as error:
        raise ConfigError(f"--calibrate {directory}: {file}: {error.strerror}") from None
    except msgspec.DecodeError as error:
        raise ConfigError(f"{file}: must be the findings of a capacity run: {error}") from None
    profile = profiles.load(found.profile)
    try:
        made = from_capacity.calibrate(found, profile)
    except calibrations.CalibrationError as error:
        raise calibrations.CalibrationError(f"{file}: {error}") from None
    target = directory / calibrations.FILE
    calibrations.write(target, made)
    print(f"{target} written, from {made.source}")
    print(
        f"a text without history takes {made.turn_cpu_s * 1000:.2f} ms of CPU, a tool call "
        f"{made.tool_cpu_s * 1000:.2f} ms more, an earlier turn "
        f"{made.earlier_turn_cpu_s * 1000:.3f} ms more"
    )
    return ExitCode.GO


def _plan(args: argparse.Namespace) -> _Plan:
    """Check every option.  Raises ConfigError, ProfileError or CalibrationError."""
    option_values.check_seed(args.seed)
    _check_from_1("--replicas", args.replicas)
    _check_from_1("--seeds", args.seeds)
    _check_from_1("--shards", args.shards)
    if args.cores is not None:
        _check_from_1("--cores", args.cores)
    if args.replicas % args.shards:
        raise ConfigError(
            f"--replicas {args.replicas}: must be a multiple of --shards, got {args.shards} shards"
        )
    book = None if args.journeys is None else journeys.load(Path(args.journeys))
    profile = profiles.load(args.profile, None if book is None else book.journeys)
    if not 0 < args.scale * profile.base_rate / args.shards <= HIGHEST_RATE:
        most = HIGHEST_RATE / profile.base_rate
        raise ConfigError(
            f"--scale {args.scale:g}: must be above 0 and at most {most:g} for each shard"
        )
    profile = profile.scaled(args.scale / args.shards)
    calibration = DEFAULT
    if args.calibration is not None:
        calibration = calibrations.read(Path(args.calibration))
    replicas = args.replicas // args.shards
    set_up = play.set_up(
        profile,
        calibration,
        replicas=replicas,
        cores=args.cores,
        faults=faults_of(args, replicas, profile.load_seconds),
    )
    return _Plan(profile, book, calibration, set_up, args.seed, args.shards)


def _check_from_1(option: str, value: int) -> None:
    if not 1 <= value <= _MOST:
        raise ConfigError(f"{option} {value}: must be a whole number from 1 to {_MOST:,}")


def _note(progress: Progress, plan: _Plan, seed: int) -> Callable[[float], None]:
    def note(t: float) -> None:
        progress.note(
            f"seed {seed}: {t:,.0f} s simulated, {plan.profile.load_seconds:,.0f} planned"
        )

    return note


def _statistics(plan: _Plan, seeds: int, progress: Progress) -> int:
    """Simulate without records, and print one block a seed."""
    print(_title(plan))
    for seed in range(plan.seed, plan.seed + seeds):
        begun = time.monotonic()
        outcomes, _ = play.measure(
            plan.set_up, plan.profile, seed, book=plan.book, progress=_note(progress, plan, seed)
        )
        print("\n".join(_lines(plan, seed, outcomes, time.monotonic() - begun)))
    return ExitCode.GO


def _recorded(plan: _Plan, out: Path, progress: Progress, args: argparse.Namespace) -> int:
    """Simulate with the records of a run, and judge them."""
    origin = time.time()
    run_id = uuid.uuid4().hex[:12]
    run_dir = rundir.create(out, f"simulated-{plan.profile.name}", plan.seed, origin)
    run_file.write(run_dir, _description(plan, run_id, origin, args))
    calibrations.write(run_dir / calibrations.FILE, plan.calibration)
    begun = time.monotonic()
    with RecordWriter(run_dir) as recorder:
        outcomes = play.record(
            plan.set_up,
            plan.profile,
            plan.seed,
            recorder,
            run_id=run_id,
            book=plan.book,
            progress=_note(progress, plan, plan.seed),
        )
    code = judge_and_show(run_dir, quiet=args.quiet)
    if not args.quiet:
        print(_title(plan))
        print("\n".join(_lines(plan, plan.seed, outcomes, time.monotonic() - begun)))
    return code


def _description(
    plan: _Plan, run_id: str, origin: float, args: argparse.Namespace
) -> RunDescription:
    hit = windows(plan.set_up.faults, plan.calibration.start_s)
    environment = host.environment()
    return RunDescription(
        schema_version=SCHEMA_VERSION,
        run_id=run_id,
        origin=origin,
        seed=plan.seed,
        app=SHOPMAX,
        profile=plan.profile.to_dict(),
        ttl_seconds=plan.profile.real_ttl_seconds,
        compression=plan.profile.compression,
        sessions="redis",
        experiment=ExperimentDescription(title="simulated", planned=[each.id for each in hit]),
        topology=TopologyDescription(
            replicas=plan.set_up.replicas, redis=SINGLE, aof="everysec", durability="aof-everysec"
        ),
        environment=msgspec.structs.replace(
            environment,
            cores=plan.set_up.cores or environment.cores,
            model="scripted, simulated",
        ),
        journeys=None if plan.book is None else plan.book.to_dict(),
        simulated=plan.calibration.source,
        command=_command(args),
    )


def _command(args: argparse.Namespace) -> list[str]:
    """The words that simulate the same again."""
    words = ["diya", "simulate", "--profile", args.profile, "--seed", str(args.seed)]
    words += ["--replicas", str(args.replicas), "--scale", f"{args.scale:g}"]
    for option in ("calibration", "journeys", "cores"):
        if getattr(args, option) is not None:
            words += [f"--{option}", str(getattr(args, option))]
    for option in ("kill", "restart_redis", "slow_model", "slow_redis"):
        for value in getattr(args, option):
            words += [flag(option), value]
    return words


def _title(plan: _Plan) -> str:
    shards = f", one of {plan.shards} shards simulated" if plan.shards > 1 else ""
    return (
        f"Simulated: no service was running.  {plan.profile.name}, "
        f"{plan.set_up.replicas * plan.shards} replicas{shards}; "
        f"calibration {plan.calibration.source}"
    )


def _lines(plan: _Plan, seed: int, found: Outcomes, seconds: float) -> Sequence[str]:
    """The statistics of one seed; sums are those of all shards."""
    n = plan.shards
    turns = sum(found.outcomes.values())
    offered = found.fates.get(Fate.OFFERED, 0)
    lost = {fate: count for fate, count in found.fates.items() if fate is not Fate.OFFERED}
    apart = "".join(f", {count * n:,} {fate}" for fate, count in lost.items())
    bad = turns - found.outcomes.get(Outcome.OK, 0)
    return [
        f"seed {seed}: {offered * n:,} conversations{apart}, {turns * n:,} turns in "
        f"{seconds:.1f} s",
        f"  throughput  {found.offered_per_s * n:,.1f} turns/s on average, "
        f"{found.goodput_per_s * n:,.1f} within {plan.set_up.latency_limit_s:g} s",
        f"  latency     p50 {_ms(found.p50_s)}, p90 {_ms(found.p90_s)}, p99 {_ms(found.p99_s)}, "
        f"longest {_ms(found.longest_s)}",
        f"  errors      {bad * n:,} turns without an answer, {found.refused * n:,} attempts "
        f"refused, {found.again * n:,} retries, {found.timeouts * n:,} time-outs",
        f"  CPU         {found.replica_share:.0%} of a core in a replica on average, "
        f"{found.redis_share:.1%} in Redis; at most {found.most_in_flight} turns in one replica",
        f"  memory      {found.most_bytes * n / _MIB:,.2f} MiB in Redis at the most, "
        f"{found.most_sessions * n:,} sessions",
    ]


def _ms(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds * 1000:,.0f} ms"
