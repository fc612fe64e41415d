"""`diya readiness`: the run, from the plan to the verdict."""

from __future__ import annotations

import argparse
import contextlib
import logging
import shlex
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import structs

from chaos.errors import ChaosError
from chaos.experiment.model import plan_of
from chaos.experiment.schedule import Schedule
from chaos.fleet.fleet import Fleet
from chaos.fleet.guardian import Guardian
from chaos.fleet.load_switch import LoadSwitchFile
from harness import ci_files
from harness.commands import join, report
from harness.errors import RecordsError
from harness.run import arrival_accounting, memory_forecast, rundir
from harness.run import plan as plans
from harness.run.generator import Generator, Load
from harness.run.host import usable_cores
from harness.run.plan import Plan
from harness.run.progress import Progress
from harness.run.rehearsed import rehearsed
from harness.run.sampler import Sampler
from harness.run.watch import Watch
from reports.records import FILES, LoadMark, RecordWriter, RunClock, run_file
from reports.records.run_description import RedisServerDescription, RunDescription

if TYPE_CHECKING:
    from chaos.containers.fleet import ContainerFleet

    AnyFleet = Fleet | ContainerFleet

_LOG = logging.getLogger(__name__)
_READY_S = 90.0
_READY_PER_REPLICA_S = 10.0
"""A slow core takes half of it to start one, and has all of them to start."""


def main(args: argparse.Namespace) -> int:
    """Run, judge, report; returns the verdict's exit code."""
    if args.join is not None:
        return join.main(args)
    plan = plans.from_args(args)
    run_dir = rundir.create(plan.out, plan.name, plan.seed, plan.origin)
    plan = plan.kept_in(run_dir / rundir.EXPERIMENT_FILE)
    run_file.write(run_dir, plan.description())
    if plan.experiment is not None:
        rundir.write_experiment(run_dir, plan.experiment.source)
    _LOG.info("run directory %s; to play it again: %s", run_dir, shlex.join(plan.command))
    progress = Progress(quiet=args.quiet)
    progress.say(
        f"profile {plan.profile.name}, seed {plan.seed}, 1 s stands for "
        f"{plan.profile.compression:g} s of the sale, TTL {plan.profile.real_ttl_seconds:g} s"
    )
    if plan.experiment is not None:
        for note in plan.experiment.notes:
            progress.say(f"{plan.experiment.path}: {note}")
    if plan.drawn and plan.experiment is not None:
        for line in plan_of(plan.experiment):
            progress.say(line)
    try:
        _run(plan, run_dir, progress)
        code = report.judge_and_show(run_dir, quiet=args.quiet)
    except (KeyboardInterrupt, RecordsError):
        progress.clear()
        print(f"diya: what was recorded can be judged: diya report {run_dir}", file=sys.stderr)
        raise
    ci_files.tell(run_dir)
    return code


def _run(plan: Plan, run_dir: Path, progress: Progress) -> None:
    try:
        if plan.target is None:
            _with_fleet(plan, run_dir, progress)
        else:
            _with_target(plan, run_dir, progress)
    except ValueError:
        # Refused before anything ran: a folder without a run in it would only mislead.
        if not (run_dir / FILES[LoadMark]).exists():
            shutil.rmtree(run_dir, ignore_errors=True)
        raise


def _fleet(plan: Plan, run_dir: Path) -> AnyFleet:
    # Only who asks for containers pays for Docker's packages.
    if plan.compose:
        from chaos.containers.compose_fleet import ComposeFleet

        images, workers = plan.containers or {}, plan.crew.workers
        return ComposeFleet(
            run_dir, plan.run_id, images=images, workers=workers, **_in_containers(plan, run_dir)
        )
    if plan.containers is not None:
        from chaos.containers.fleet import ContainerFleet, Images

        return ContainerFleet(
            run_dir,
            plan.run_id,
            images=Images(**plan.containers),
            pass_env=plan.pass_env,
            **_in_containers(plan, run_dir),
        )
    return Fleet(
        run_dir,
        plan.run_id,
        replicas=plan.replicas,
        redis=plan.redis,
        sessions=plan.sessions,
        ttl_seconds=plan.profile.real_ttl_seconds,
        base_port=plan.port,
        topology=plan.topology,
        proxy=plan.proxy,
        load=LoadSwitchFile(run_dir),
        authorised=plan.authorised,
        extra_env={"DIYA_AGENT": str(plan.agent)} if plan.agent else None,
    )


def _in_containers(plan: Plan, run_dir: Path) -> dict[str, Any]:
    return {
        "replicas": plan.replicas,
        "sessions": plan.sessions,
        "ttl_seconds": plan.profile.real_ttl_seconds,
        "aof": plan.topology.aof,
        "rdb": plan.topology.rdb,
        "base_port": plan.port,
        "load": LoadSwitchFile(run_dir),
    }


def _with_fleet(plan: Plan, run_dir: Path, progress: Progress) -> None:
    fleet = _fleet(plan, run_dir)
    clock = RunClock(plan.origin)
    with RecordWriter(run_dir) as records, _uninterrupted_end(fleet.stop):
        schedule: Schedule | None = None
        if plan.experiment is not None:
            # Before anything starts: it refuses faults that such a fleet cannot have.
            phases = {name: start for name, start, _ in plan.profile.planned_phases()}
            schedule = Schedule(plan.experiment, fleet, clock, records, plan.seed, phases)
        fleet.start(progress.note)
        fleet.wait_ready(max(_READY_S, plan.replicas * _READY_PER_REPLICA_S / usable_cores()))
        info = fleet.redis.info
        progress.say(f"{len(fleet.replicas)} replicas ready, {info.name} {info.version}, Envoy")
        description = described(plan, fleet)
        run_file.write(run_dir, description)
        plan = _sized(plan, run_dir, description, fleet, progress)
        memory_forecast.write(run_dir, plan, info.name)
        _play(plan, run_dir, clock, progress, records, fleet, schedule)


def _with_target(plan: Plan, run_dir: Path, progress: Progress) -> None:
    guardian = Guardian.start(plan.run_id)
    with RecordWriter(run_dir) as records, _uninterrupted_end(guardian.close):
        plan = _sized(plan, run_dir, plan.description(), None, progress)
        _play(plan, run_dir, RunClock(plan.origin), progress, records, None, None)


def _sized(
    plan: Plan,
    run_dir: Path,
    description: RunDescription,
    fleet: AnyFleet | None,
    progress: Progress,
) -> Plan:
    """The plan after the rehearsal; the description is written again with the load that it has."""
    plan = rehearsed(plan, run_dir, fleet, progress)
    sized = plan.description()
    run_file.write(
        run_dir,
        structs.replace(
            description, profile=sized.profile, sizing=sized.sizing, command=sized.command
        ),
    )
    return plan


def described(plan: Plan, fleet: AnyFleet) -> RunDescription:
    """The run, with what is known of its fleet now that it is up."""
    description, info = plan.description(), fleet.redis.info
    environment = structs.replace(
        description.environment,
        redis_server=RedisServerDescription(
            name=info.name, version=info.version, allocator=info.allocator
        ),
    )
    if plan.containers is not None:
        contained: Any = fleet
        environment = structs.replace(environment, images=contained.images)
    if plan.compose:
        composed: Any = fleet
        environment = structs.replace(environment, containers=composed.containers)
    return structs.replace(description, target=fleet.url, environment=environment)


def _play(
    plan: Plan,
    run_dir: Path,
    clock: RunClock,
    progress: Progress,
    records: RecordWriter,
    fleet: AnyFleet | None,
    schedule: Schedule | None,
) -> None:
    """Load, faults and samples, from the baseline until the TTL has drained."""
    sampler = Sampler(
        records,
        clock,
        _sampled_redis(plan, fleet),
        {} if fleet is None else fleet.replicas,
        # Behind proxies every replica seems to listen, dead or not.
        balancer=None if fleet is None or plan.proxy else fleet.balancer.counters,
        envoy=None if fleet is None else fleet.balancer,
        served={} if fleet is None else fleet.replicas,
        own_cpu=_all_are_ours(plan),
    )
    sampler.start()
    generator = _load(plan, run_dir, fleet)
    try:
        Watch(plan, run_dir, clock, progress, generator, schedule, records).run()
    finally:
        ended_with = generator.exit_code
        generator.stop()
        if records.failure is None:  # else the disk takes no accounts either
            arrival_accounting.complete(run_dir, clock.now(), ended_with)
        sampler.stop()


def _all_are_ours(plan: Plan) -> bool:
    """Whether all that serves and all that asks are processes below this one."""
    return plan.target is None and plan.containers is None and "://" not in plan.redis


def _load(plan: Plan, run_dir: Path, fleet: AnyFleet | None) -> Load:
    if plan.compose:
        from harness.run.composed import ComposedLoad

        composed: Any = fleet
        return ComposedLoad(composed)
    url = str(plan.target) if fleet is None else fleet.url
    return Generator(run_dir, plan.run_id, url, plan.crew)


def _sampled_redis(plan: Plan, fleet: AnyFleet | None) -> Callable[[], Sequence[str]] | None:
    if fleet is None or not fleet.redis.servers:
        # With a --target, a --redis address is where that keeps its sessions: read, never touched.
        return (lambda: [plan.redis]) if "://" in plan.redis else None
    store = fleet.redis

    def primaries() -> Sequence[str]:
        try:
            return [server.url for server in store.primaries()]
        except ChaosError:
            return []

    return primaries


@contextlib.contextmanager
def _uninterrupted_end(end: Any) -> Iterator[None]:
    """Run `end` at the end, whatever happened, and let no second Ctrl-C stop it in the middle."""
    try:
        yield
    finally:
        before = {n: signal.signal(n, signal.SIG_IGN) for n in (signal.SIGINT, signal.SIGTERM)}
        try:
            end()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)  # judging a long run may be interrupted
