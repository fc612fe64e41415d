"""The load as Locust runs it: one dispatcher user plays the planned arrivals.

The run directory comes in DIYA_RUN_DIR.  Without it, the profile `smoke` is played against
`--host` and recorded in a temporary directory.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import gevent
import psutil
from gevent.event import Event
from gevent.pool import Group
from locust import User, task
from locust.exception import StopUser

from loadtests import arrivals, audit, conversation, profile, settings
from loadtests.client import Client
from loadtests.customer import Customer
from loadtests.service import Service
from loadtests.settings import RunSettings
from loadtests.tally import Tally
from loadtests.turn import Desk
from reports.records import Arrival, Fate, LoadMark, RecordWriter, RunClock

BAD_CONFIGURATION, BROKEN = 104, 70
"""Exit codes; the same as the command line's."""

HEAD_START_S = 0.5
"""From planning to the first possible arrival."""
LATE_AUDITS = 200
GRACE_S = 1.5
"""How long after its TTL a session is looked for once more; servers expire keys lazily."""
LATE_AUDIT_GAP_S = 0.01

log = logging.getLogger("diya.load")


class Load:
    """One play of the planned arrivals."""

    def __init__(self, run: RunSettings, environment: Any) -> None:
        self._run, self._environment = run, environment
        self._clock = RunClock(run.origin)
        self._writer = RecordWriter(run.run_dir)
        self._client = Client(environment.host or run.target, connections=run.profile.max_open)
        service = Service(self._client, run.app, self._clock, self._observe)
        self._desk = Desk(service, self._clock, self._writer, run.profile.conversation)
        self._tally = Tally()
        self._customers: list[Customer] = []
        self._arrivals: list[Arrival] = []
        self._talking = Group()
        self._auditing = Group()
        self._helpers = Group()
        self._stopped = Event()
        self._start = 0.0

    def play(self) -> None:
        """Offer every arrival, wait for the last conversation, audit late, return."""
        run = self._run.profile
        self._arrivals = arrivals.plan(run, self._run.seed)
        self._start = self._clock.now() + HEAD_START_S
        self._mark("start", self._start, arrivals=len(self._arrivals), turns=run.expected_turns)
        self._helpers.spawn(self._sample_each_second)
        self._helpers.spawn(self._mark_phases)
        for arrival in self._arrivals:
            if not self._wait_until(self._start + arrival.due):
                return
            self._admit(arrival)
        if not self._wait_until(self._start + run.load_seconds):
            return
        self._mark("arrivals-end", self._clock.now())
        self._talking.join()
        if self._stopped.is_set():
            return
        self._mark("end", self._clock.now())
        self._audit_late()
        if not self._stopped.is_set():
            self._mark("audited", self._clock.now())
            self._helpers.kill()
            self._close()

    def stop(self) -> None:
        """End now: what is under way is recorded as it stands.  Does nothing the second time."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        self._helpers.kill()
        self._auditing.kill()
        self._talking.kill()
        for arrival in self._arrivals[len(self._customers) :]:
            customer = self._customer(arrival)
            self._writer.write(customer.conversation_record(Fate.CENSORED))
        self._close()

    def _close(self) -> None:
        self._stopped.set()
        self._client.close()
        self._writer.close()

    def _customer(self, arrival: Arrival) -> Customer:
        plan = conversation.plan(self._run.profile, arrival, self._run.run_id)
        return Customer(plan, self._start + arrival.due, self._desk, self._tally)

    def _admit(self, arrival: Arrival) -> None:
        customer = self._customer(arrival)
        self._customers.append(customer)
        if len(self._talking) >= self._run.profile.max_open:
            self._tally.dropped += 1
            self._writer.write(customer.conversation_record(Fate.DROPPED))
            return
        self._tally.started += 1
        self._talking.spawn(self._guarded, customer.play)

    def _guarded(self, work: Any, *args: Any) -> None:
        """Run `work`; a defect of ours must not look like a quiet customer."""
        try:
            work(*args)
        except Exception:
            log.exception("the load generator broke")
            self._environment.process_exit_code = BROKEN

    def _audit_late(self) -> None:
        """Look for a sample of sessions once more, after each one's TTL."""
        settled = [customer for customer in self._customers if customer.last_touch is not None]
        for place in audit.spread(len(settled), LATE_AUDITS, self._run.seed):
            if not self._wait_until(self._clock.now() + LATE_AUDIT_GAP_S):
                return
            self._auditing.spawn(self._guarded, self._audit_expired, settled[place])
        self._auditing.join()

    def _audit_expired(self, customer: Customer) -> None:
        touched = customer.last_touch or self._clock.now()
        if self._wait_until(touched + self._run.ttl_seconds + GRACE_S):
            limits = self._run.profile.conversation
            service, plan = self._desk.service, customer.plan
            self._writer.write(audit.read_back(service, plan, limits, self._clock, "expired"))

    def _mark_phases(self) -> None:
        for name, start, end in self._run.profile.planned_phases():
            if self._wait_until(self._start + start):
                self._mark(f"phase:{name}", self._start + start, end=self._start + end)

    def _sample_each_second(self) -> None:
        process = psutil.Process()
        process.cpu_percent()
        due = self._clock.now()
        while self._wait_until(due := due + 1.0):
            # The beat of this loop is itself late when the generator is busy.
            self._tally.lag(self._clock.now() - due)
            self._tally.open = len(self._talking)
            self._writer.write(self._tally.sample(self._clock.now(), process.cpu_percent()))

    def _mark(self, mark: str, t: float, **values: float) -> None:
        self._writer.write(LoadMark(t, mark, {key: float(value) for key, value in values.items()}))

    def _wait_until(self, t: float) -> bool:
        """Wait until run time `t`; False when the load was stopped instead."""
        return not self._stopped.wait(max(0.0, t - self._clock.now()))

    def _observe(self, name: str, seconds: float, size: int, error: str | None) -> None:
        self._environment.events.request.fire(
            request_type="HTTP",
            name=name,
            response_time=seconds * 1000,
            response_length=size,
            exception=RuntimeError(error) if error else None,
            context={},
        )


class Dispatcher(User):  # type: ignore[misc]
    """The only Locust user: conversations are not users (Locust spawns those in bursts)."""

    fixed_count = 1

    @task  # type: ignore[untyped-decorator]
    def play(self) -> None:
        """Play the load once, then stop Locust (headless) or this user (web UI)."""
        try:
            load = Load(RUN, self.environment)
            self.environment.events.test_stopping.add_listener(lambda **_: load.stop())
            self.environment.events.quitting.add_listener(lambda **_: load.stop())
            load.play()
        except Exception:
            log.exception("the load generator broke")
            self.environment.process_exit_code = BROKEN
        if self.environment.parsed_options.headless:
            gevent.spawn(self.environment.runner.quit)
        raise StopUser


def _temporary_run() -> RunSettings:
    """A run of its own for plain Locust users; the target is Locust's `--host`."""
    run_dir = Path(tempfile.mkdtemp(prefix="diya-load-"))
    log.warning("DIYA_RUN_DIR is not set: playing the profile 'smoke', records in %s", run_dir)
    chosen = profile.load("smoke")
    run = {
        "schema_version": 1,
        "run_id": uuid.uuid4().hex[:12],
        "origin": time.time(),
        "seed": 0,
        "app": "shopmax",
        "target": "",
        "profile": chosen.to_dict(),
        "ttl_seconds": chosen.real_ttl_seconds,
        "compression": chosen.compression,
        "experiment": None,
    }
    (run_dir / "run.json").write_text(json.dumps(run))
    return settings.read(run_dir)


def _run() -> RunSettings:
    run_dir = os.environ.get("DIYA_RUN_DIR")
    try:
        return settings.read(Path(run_dir)) if run_dir else _temporary_run()
    except ValueError as error:
        print(error, file=sys.stderr)
        sys.exit(BAD_CONFIGURATION)


RUN = _run()
