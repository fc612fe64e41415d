"""The load as Locust runs it: one dispatcher user plays the planned arrivals.

The run directory comes in DIYA_RUN_DIR.  Without it, the profile `--diya-profile` is played against
`--host`; every start is a run of its own, recorded in a temporary directory.  On a master the
workers play shards of the load, and their records come to the master's run directory.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event
from locust import User, events, task
from locust.exception import StopUser
from locust.runners import MasterRunner, WorkerRunner

from loadtests.adk.attempt import Observer
from loadtests.arrivals import arrivals
from loadtests.generator import hdrlog, permission, settings, standalone
from loadtests.generator.load_commands import LOOK_S, LoadCommandReader
from loadtests.generator.master import Master, MessageRouter
from loadtests.generator.milestones import HEAD_START_S, Milestones
from loadtests.generator.player import Player, counted
from loadtests.generator.settings import RunSettings
from loadtests.generator.worker import Worker
from reports.basics.exit_codes import ExitCode
from reports.records import RecordWriter, RunClock

log = logging.getLogger("diya.load")
# The spawning tree is for debugging only and takes a kilobyte for each waiting customer.
gevent.config.track_greenlet_tree = False


class Load:
    """One run of the whole load in this process."""

    def __init__(self, run: RunSettings, target: str, environment: Any) -> None:
        """Raises ValueError when the target is not an http(s) address."""
        self._run, self._environment = run, environment
        self._planned = counted(arrivals.counting(run.profile, run.seed))
        self._clock = RunClock(run.origin)
        self._writer = RecordWriter(run.run_dir)
        self._milestones = Milestones(run.profile, self._writer)
        self._player = Player(
            run,
            target,
            self._clock,
            self._writer,
            observer(environment),
            self._broken,
            planned=self._planned,
        )
        self._stopped = Event()

    def play(self) -> bool:
        """Offer every arrival, wait for the last conversation, audit late; False when stopped."""
        start = self._clock.now() + HEAD_START_S
        self._writer.append(hdrlog.FILE, hdrlog.header(self._run.origin))
        self._milestones.start(start, self._planned)
        following = gevent.spawn(self._milestones.follow, start, self._wait_until)
        commands = LoadCommandReader(self._run, self._milestones, self._planned)
        obeying = gevent.spawn(self._obey, commands, start)
        if not self._player.talk(start):
            return False
        obeying.kill()
        following.join()
        self._milestones.mark("end", self._clock.now())
        if not self._player.audit_late():
            return False
        self._milestones.mark("audited", self._clock.now())
        self._writer.close()
        return True

    def stop(self) -> None:
        """End now, and record running conversations as they are."""
        self._stopped.set()
        self._player.stop()
        self._writer.close()

    def _obey(self, commands: LoadCommandReader, start: float) -> None:
        while not self._stopped.wait(LOOK_S):
            for command in commands.take(self._clock.now(), start, players=1):
                self._player.obey(command)

    def _wait_until(self, t: float) -> bool:
        return not self._stopped.wait(max(0.0, t - self._clock.now()))

    def _broken(self) -> None:
        self._environment.process_exit_code = ExitCode.BROKEN


def observer(environment: Any) -> Observer:
    """Feeds Locust's statistics, for its web UI; no gate reads them."""

    def observe(name: str, seconds: float, size: int, error: str | None) -> None:
        environment.events.request.fire(
            request_type="HTTP",
            name=name,
            response_time=seconds * 1000,
            response_length=size,
            exception=RuntimeError(error) if error else None,
            context={},
        )

    return observe


class Dispatcher(User):  # type: ignore[misc]
    """The only Locust user.  Conversations are not users, because Locust spawns users in bursts."""

    fixed_count = 1
    host = "http://127.0.0.1:8000"
    """The address of `adk api_server`, unless `--host` or the web UI's field gives another."""

    @task  # type: ignore[untyped-decorator]
    def play(self) -> None:
        """Play the load once, then end Locust (headless) or the test (web UI)."""
        if isinstance(self.environment.runner, WorkerRunner):
            # The master tells a worker when to play and which shard; see `generator.worker`.
            self.environment.diya_load.idle()
            raise StopUser
        over = True
        try:
            self.environment.diya_load = load = _load(self.environment)
            over = load is None or load.play()
        except Exception:
            log.exception("the load generator broke")
            self.environment.process_exit_code = ExitCode.BROKEN
        if over:
            end(self.environment)
        raise StopUser


def end(environment: Any) -> None:
    """End Locust (headless) or the test (web UI) from within."""
    runner = environment.runner
    gevent.spawn(runner.quit if environment.parsed_options.headless else runner.stop)


@events.init.add_listener  # type: ignore[untyped-decorator]
def init(environment: Any, **_: Any) -> None:
    """Let a worker listen for its master from the beginning."""
    if isinstance(environment.runner, WorkerRunner):
        environment.diya_load = Worker(environment, observer(environment))
    elif isinstance(environment.runner, MasterRunner):
        environment.diya_switchboard = MessageRouter(environment)


@events.test_start.add_listener  # type: ignore[untyped-decorator]
def start(environment: Any, **_: Any) -> None:
    """Start the load on a master; in a single process the dispatcher starts it."""
    if isinstance(environment.runner, MasterRunner):
        try:
            environment.diya_load = environment.diya_switchboard.begin(*_run(environment))
        except ValueError as error:
            _refuse(environment, error)
            end(environment)
        else:
            gevent.spawn(_lead, environment)


def _lead(environment: Any) -> None:
    over = True
    try:
        over = environment.diya_load.play()
    except Exception:
        log.exception("the load generator broke")
        environment.process_exit_code = ExitCode.BROKEN
    if over:
        end(environment)


@events.test_stopping.add_listener  # type: ignore[untyped-decorator]
@events.quitting.add_listener  # type: ignore[untyped-decorator]
def stop(environment: Any, **_: Any) -> None:
    """Stop the load under way, if there is one."""
    load: Load | Master | Worker | None = getattr(environment, "diya_load", None)
    if load is not None:
        load.stop()


def _run(environment: Any) -> tuple[RunSettings, str]:
    """The run to play and its target.  Raises ValueError, one sentence, for bad settings."""
    target = environment.host or (RUN.target if RUN else "") or Dispatcher.host
    if RUN is None:
        return standalone.prepare(environment.parsed_options, target), target
    permission.check_target(target, standalone.HOW)
    return RUN, target


def _load(environment: Any) -> Load | None:
    """The load to play; for bad settings logs the error and returns None."""
    try:
        return Load(*_run(environment), environment)
    except ValueError as error:
        _refuse(environment, error)
        return None


def _refuse(environment: Any, error: ValueError) -> None:
    log.error("%s", error)
    environment.process_exit_code = ExitCode.BAD_CONFIGURATION


def _prepared() -> RunSettings | None:
    run_dir = os.environ.get("DIYA_RUN_DIR")
    try:
        return settings.read(Path(run_dir)) if run_dir else None
    except ValueError as error:
        print(error, file=sys.stderr)
        sys.exit(ExitCode.BAD_CONFIGURATION)


RUN = _prepared()
"""The run that the harness prepared; None for plain Locust users."""

events.init_command_line_parser.add_listener(standalone.add_options)
