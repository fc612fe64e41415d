"""Plays a plan against a fleet of its own or a target, from the start until the TTL has drained."""

from __future__ import annotations

import contextlib
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from msgspec import structs

from chaos.experiment.schedule import Schedule
from chaos.fleet.environment import SystemUnderTest
from chaos.fleet.guardian import Guardian
from chaos.fleet.lifecycle import FleetLifecycle
from chaos.fleet.load_switch import LoadSwitchFile
from chaos.fleet.stand_in_control import StandInControl
from chaos.fleet.undoing import UNDO_LOG
from harness.run import fleets, memory_forecast
from harness.run.directory import live_run, scrub
from harness.run.load import arrival_accounting, token_keeper
from harness.run.load.extension import Extension
from harness.run.load.generator import Generator, Load
from harness.run.load.node_load import NodeLoad
from harness.run.marks import mark_server
from harness.run.marks.faults_in_progress import DeclaredFaults, FaultsInProgress
from harness.run.model import model_options, model_quota
from harness.run.model.model_calls import ModelCalls
from harness.run.model.model_reached import StandInCalls
from harness.run.plan import Plan
from harness.run.progress import Progress
from harness.run.rehearse.rehearsed import rehearsed
from harness.run.sampling import container_cpu, database_probe
from harness.run.sampling.host import usable_cores
from harness.run.sampling.key_census import KeyCensus
from harness.run.sampling.sampler import Sampler
from harness.run.target import break_target, pod_target, target_redis
from harness.run.watch import Watch
from reports.measures.model_quota.played import Played
from reports.records import FILES, LoadMark, RecordWriter, RunClock, run_file
from reports.records.run_description import RunDescription

_READY_S = 90.0
_READY_PER_REPLICA_S = 10.0
"""Twice the time that a slow core takes to start one replica; one core starts them all in turn."""


def play(plan: Plan, run_dir: Path, progress: Progress) -> None:
    """Play the plan; `run_dir` holds its `run.json` already and gets the records.

    Raises ConfigError or ChaosConfigError before the load begins, and removes the directory then.
    Raises RecordsError, GeneratorError or ChaosError when the run itself broke.
    """
    tokens: list[str] = []
    try:
        with (
            live_run.held(run_dir),
            mark_server.serving(run_dir, plan.marks, progress.say),
            token_keeper.kept(plan.access.token_command, tokens, progress.problem) as env,
        ):
            plan = replace(plan, load_env=env)
            if plan.target is None:
                _with_fleet(plan, run_dir, progress)
            else:
                _with_target(plan, run_dir, progress)
    except ValueError:
        # The input was refused before the load began: a run directory without a run would mislead.
        if not (run_dir / FILES[LoadMark]).exists():
            shutil.rmtree(run_dir, ignore_errors=True)
        raise
    finally:
        _hide_secrets(plan, run_dir, tokens)


def _hide_secrets(plan: Plan, run_dir: Path, tokens: Sequence[str] = ()) -> None:
    named = [*plan.pass_env]
    if plan.project is not None and plan.project.password_env is not None:
        named.append(plan.project.password_env)
    secrets = [
        *plan.services.secrets(),
        *scrub.values(named, plan.agent),
        *scrub.long_enough([*plan.access.secrets(), *tokens]),
    ]
    scrub.overwrite(run_dir, secrets)


def size_only(plan: Plan, run_dir: Path, progress: Progress) -> Plan:
    """The plan with its load sized by a rehearsal of its fleet; no load is played.

    Raises as `play` does before the load begins; `run_dir` is left as it is.
    """
    try:
        fleet = fleets.for_plan(plan, run_dir)
        with uninterrupted_end(fleet.stop):
            description = _started(plan, run_dir, fleet, progress)
            return _sized(plan, run_dir, description, fleet, progress)
    finally:
        _hide_secrets(plan, run_dir)


def _with_fleet(plan: Plan, run_dir: Path, progress: Progress) -> None:
    fleet = fleets.for_plan(plan, run_dir)
    plan = replace(plan, replicas=len(fleet.replicas))  # a project has its own number
    clock = RunClock(plan.origin)
    schedule: Schedule | None = None

    def end() -> None:
        break_target.stop_fleet(fleet, schedule, run_dir, progress)

    with RecordWriter(run_dir) as records, uninterrupted_end(end):
        # Made before anything starts, because it refuses faults that this fleet cannot take.
        schedule = _schedule(plan, fleet, clock, records)
        description = _started(plan, run_dir, fleet, progress)
        census = _census(plan, fleet)
        plan = _sized(plan, run_dir, description, fleet, progress)
        if census is not None:
            census.rehearsed()
        memory_forecast.write(run_dir, plan, fleet.redis.info.name)
        if fleet.stand_in is not None and plan.model.quota is not None:
            played = Played(
                plan.profile.compression, 1.0 if plan.sizing is None else plan.sizing.factor
            )
            model_quota.hold(fleet.stand_in.control, plan.model.quota, played)
        _play_load(plan, run_dir, clock, progress, records, fleet, schedule, census)


def _started(
    plan: Plan, run_dir: Path, fleet: FleetLifecycle, progress: Progress
) -> RunDescription:
    """Start the fleet and wait until it is ready; its description, which is in `run.json`."""
    fleet.start(progress.note)
    fleet.wait_ready(max(_READY_S, plan.replicas * _READY_PER_REPLICA_S / usable_cores()))
    ready = f"{len(fleet.replicas)} replicas ready, {fleet.store}"
    progress.say(f"{ready}, {fleet.title}")
    description = fleets.described(plan, fleet)
    run_file.write(run_dir, description)
    return description


def _with_target(plan: Plan, run_dir: Path, progress: Progress) -> None:
    target_redis.check(plan)
    guardian = Guardian.start(plan.run_id, undo_log=run_dir / "logs" / UNDO_LOG)
    clock = RunClock(plan.origin)
    end = partial(break_target.close, guardian, run_dir, progress)
    with RecordWriter(run_dir) as records, uninterrupted_end(end):
        url = plan.model.url
        control = None if url is None else StandInControl(url, model_options.token(url))
        # Made before the rehearsal, because it refuses faults that a target cannot take.
        target = break_target.system(plan, run_dir, control, guardian)
        with pod_target.connected(plan, target) as pods:
            plan, system = pods.plan, pods.system
            for line in (*pods.lines, *pods.lacking):
                progress.say(line)
            schedule = _schedule(plan, system, clock, records)
            with (
                _target_model(plan, control, records, progress) as model_calls,
                break_target.healed(schedule),
            ):
                census = _census(plan, None)
                plan = _sized(plan, run_dir, plan.description(), None, progress, model_calls)
                if census is not None:
                    census.rehearsed()
                _play_load(plan, run_dir, clock, progress, records, None, schedule, census)


def _schedule(
    plan: Plan, system: SystemUnderTest | None, clock: RunClock, records: RecordWriter
) -> Schedule | None:
    """The faults of the run; None: there are none.  Raises ChaosConfigError."""
    if plan.experiment is None or system is None:
        return None
    phases = {name: start for name, start, _ in plan.profile.planned_phases()}
    outlives = plan.target is not None
    return Schedule(
        plan.experiment, system, clock, records, plan.seed, phases, outlives_run=outlives
    )


@contextlib.contextmanager
def _target_model(
    plan: Plan, control: StandInControl | None, records: RecordWriter, progress: Progress
) -> Iterator[StandInCalls | None]:
    """Copy the calls of the model stand-in beside the target, where the options name one."""
    if control is None:
        yield None
        return
    calls = ModelCalls(control, records, plan.origin)
    calls.start()
    try:
        yield StandInCalls(control.url, calls.count, control.unknown)
    finally:
        if (missing := calls.stop()) is not None:
            progress.problem(missing)


def _sized(
    plan: Plan,
    run_dir: Path,
    description: RunDescription,
    fleet: FleetLifecycle | None,
    progress: Progress,
    target_model: StandInCalls | None = None,
) -> Plan:
    """The plan after the rehearsal; writes the description again with the plan's load."""
    plan = rehearsed(plan, run_dir, fleet, progress, target_model)
    sized = plan.description()
    run_file.write(
        run_dir,
        structs.replace(
            description, profile=sized.profile, sizing=sized.sizing, command=sized.command
        ),
    )
    return plan


def _play_load(
    plan: Plan,
    run_dir: Path,
    clock: RunClock,
    progress: Progress,
    records: RecordWriter,
    fleet: FleetLifecycle | None,
    schedule: Schedule | None,
    census: KeyCensus | None,
) -> None:
    """Load, faults and samples, from the baseline until the TTL has drained."""
    sampler = Sampler(
        records,
        clock,
        _sampled_redis(plan, fleet),
        {} if fleet is None else fleet.replicas,
        # Behind proxies even a dead replica seems to listen.
        balancer=None if fleet is None or plan.proxy else fleet.balancer.counters,
        envoy=None if fleet is None else fleet.balancer,
        served={} if fleet is None else fleet.replicas,
        database=database_probe.of(fleet, plan.services.sessions),
        own_nodes=container_cpu.nodes_of(fleet),
        cores=plan.cores,
    )
    sampler.start()
    generator = _load(plan, run_dir, fleet)
    try:
        declared = DeclaredFaults(run_dir)
        faults = FaultsInProgress(schedule, declared)
        load = LoadSwitchFile(run_dir) if fleet is None else fleet.load
        extension = Extension(plan.profile, plan.seed, faults, load)
        Watch(
            plan,
            run_dir,
            clock,
            progress,
            generator,
            schedule,
            records,
            extension=extension,
            declared=declared,
        ).run()
    finally:
        if census is not None and records.failure is None:
            census.write(records, clock)
        ended_with = generator.exit_code
        generator.stop()
        if records.failure is None:  # else the disk takes no accounts either
            arrival_accounting.complete(run_dir, clock.now(), ended_with)
        sampler.stop()


def _load(plan: Plan, run_dir: Path, fleet: FleetLifecycle | None) -> Load:
    if fleet is None:
        return Generator(run_dir, plan.run_id, str(plan.target), plan.workers, plan.load_env)
    node = fleet.start_load()
    if node is not None:
        return NodeLoad(node)
    return Generator(run_dir, plan.run_id, fleet.url, plan.workers, plan.load_env)


def _census(plan: Plan, fleet: FleetLifecycle | None) -> KeyCensus | None:
    """The keys of a Redis of the user's own, to which others may write; None: there is none."""
    if fleet is not None and fleet.redis.servers:
        return None
    urls = _sampled_redis(plan, fleet)
    return None if urls is None else KeyCensus(urls, plan.run_id)


def _sampled_redis(plan: Plan, fleet: FleetLifecycle | None) -> Callable[[], Sequence[str]] | None:
    if fleet is None or not fleet.redis.servers:
        # With --target, --redis is the target's session store: it is read and never changed.
        return (lambda: [plan.redis]) if "://" in plan.redis else None
    return fleet.primary_urls


@contextlib.contextmanager
def uninterrupted_end(end: Callable[[], object]) -> Iterator[None]:
    """Run `end` at the end of the block in every case; a second Ctrl-C does not interrupt it."""
    try:
        yield
    finally:
        before = {n: signal.signal(n, signal.SIG_IGN) for n in (signal.SIGINT, signal.SIGTERM)}
        try:
            end()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)  # so that judging a long run can be interrupted
