"""The master of a distributed load: assigns shards, writes the workers' records, and accounts for
every arrival.

Built on the messages of Locust's own master and workers.  Every message carries the id of the run,
and a message with another id is refused, so that a worker of another master cannot pollute this
run.  The protocol with each worker: `diya:shard` → `diya:ready`, `diya:start` → `diya:talked`,
`diya:audit` → `diya:audited`, `diya:end`; `diya:stop` → `diya:stopped` at any time; meanwhile
`diya:records`, each answered with `diya:written`, and `diya:pulse` both ways; during the load
`diya:order` (`loadtests.generator.load_commands`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gevent
from gevent.event import Event
from msgspec import to_builtins

from loadtests.arrivals import arrivals
from loadtests.arrivals.ledger import Ledger
from loadtests.arrivals.spikes import Spike
from loadtests.generator import hdrlog
from loadtests.generator.load_commands import LOOK_S, LoadCommandReader, to_message
from loadtests.generator.milestones import HEAD_START_S, Milestones
from loadtests.generator.player import counted
from loadtests.generator.settings import RunSettings
from reports.records import FILES, Fate, RecordWriter, RunClock

PULSE_S = 0.5
GONE_AFTER_S = 6.0
"""A worker that is silent for so long is lost, and so is the master for a worker."""
_STOP_S = 1.5
"""Time limit for the workers' final records after a stop."""
_LOOK_S = 0.02
_STREAMED = {*FILES.values(), hdrlog.FILE}

log = logging.getLogger("diya.load")


@dataclass
class Member:
    """A worker with a shard."""

    client: str
    shard: int
    heard: float
    """`time.monotonic` of its last message."""
    stage: str = "called"
    """`called`, `asked`, `ready`, `talked`, `audited` or `stopped`."""
    lost: bool = False


class MessageRouter:
    """Passes the workers' messages to the master of the current run; used for several runs."""

    def __init__(self, environment: Any) -> None:
        self._environment = environment
        self._master: Master | None = None
        for kind in ("ready", "talked", "audited", "stopped", "records", "pulse", "failed"):
            environment.runner.register_message(f"diya:{kind}", self._take)
        environment.runner.register_message("diya:clock", self._tell_time)
        environment.events.worker_connect.add_listener(self._connected)

    def begin(self, run: RunSettings, target: str) -> Master:
        """Set the master of a new run."""
        self._master = Master(run, self._environment.runner, target)
        return self._master

    def _connected(self, client_id: str, **_: Any) -> None:
        if self._master is not None and self._master.under_way:
            self._master.came_late(client_id)

    def _tell_time(self, environment: Any, msg: Any, **_: Any) -> None:
        answer = {"sent": msg.data["sent"], "now": time.time()}
        environment.runner.send_message("diya:clock", answer, msg.node_id)

    def _take(self, environment: Any, msg: Any, **_: Any) -> None:
        master, data = self._master, msg.data
        if master is None or not master.take(msg.type.removeprefix("diya:"), data, msg.node_id):
            refusal = {"run": data.get("run")}
            environment.runner.send_message("diya:refused", refusal, msg.node_id)


class Master:
    """One distributed run of the load."""

    def __init__(self, run: RunSettings, runner: Any, target: str) -> None:
        self._run, self._runner, self._target = run, runner, target
        self._clock = RunClock(run.origin)
        self._writer = RecordWriter(run.run_dir)
        self._milestones = Milestones(run.profile, self._writer)
        clients = [*runner.clients.ready, *runner.clients.running, *runner.clients.spawning]
        now = time.monotonic()
        names = sorted(client.id for client in clients)
        self._members = {name: Member(name, shard, now) for shard, name in enumerate(names)}
        self._planned = 0
        self._ledger = Ledger(0)
        self._start: float | None = None
        self._stopped, self._closed = Event(), False

    @property
    def under_way(self) -> bool:
        """Whether this run has not ended."""
        return not self._closed

    def play(self) -> bool:
        """Lead the workers through the whole load; False when stopped."""
        self._planned = counted(arrivals.counting(self._run.profile, self._run.seed))
        if self._stopped.is_set():
            return False
        self._ledger.extend(self._planned)
        values = to_builtins(self._run.description)
        for member in self._members.values():
            shard = {"shard": member.shard, "shards": len(self._members), "planned": self._planned}
            self._tell(
                member,
                "shard",
                values=values,
                target=self._target,
                **shard,
            )
            member.stage, member.heard = "asked", time.monotonic()
        # Count the silence from now on: a worker without a shard sends nothing.
        gevent.spawn(self._watch)
        if not self._all("ready"):
            return False
        start = self._start = self._clock.now() + HEAD_START_S
        self._writer.append(hdrlog.FILE, hdrlog.header(self._run.origin))
        self._milestones.start(start, self._planned)
        for member in self._members.values():
            if member.lost:
                self._write_off(member)
        self._tell_all("start", start=start)
        following = gevent.spawn(self._milestones.follow, start, self._wait_until)
        commanding = gevent.spawn(self._command, start)
        if not self._all("talked"):
            return False
        commanding.kill()
        if self._alive():
            following.join()
            self._milestones.mark("end", self._clock.now())
            self._tell_all("audit")
            if not self._all("audited"):
                return False
            if self._alive():
                self._milestones.mark("audited", self._clock.now())
        following.kill()
        self._close()
        return True

    def stop(self) -> None:
        """End now; the workers' running conversations are recorded as they are."""
        if self._stopped.is_set() or self._closed:
            return
        self._stopped.set()
        self._tell_all("stop")
        deadline = time.monotonic() + _STOP_S
        while self._playing() and time.monotonic() < deadline:
            gevent.sleep(_LOOK_S)
        for member in self._playing():
            self._lose(member)
        self._close()

    def take(self, kind: str, data: dict[str, Any], client: str) -> bool:
        """Handle a worker's message; False when it is of no worker of this run."""
        member = self._members.get(client)
        if data.get("run") != self._run.run_id or member is None or member.lost:
            return False
        member.heard = time.monotonic()
        if kind == "records":
            self._write(member, data)
        elif kind == "failed":
            log.error("worker %s: %s", member.shard, data["error"])
            self._lose(member)
        elif kind != "pulse":
            member.stage = kind
        return True

    def came_late(self, client: str) -> None:
        """Refuse a worker that joins during the load: it gets no share."""
        if client in self._members:
            return
        log.warning("a worker joined too late for this run and gets no share of it")
        self._milestones.mark("worker-late", self._clock.now())

    def _write(self, member: Member, data: dict[str, Any]) -> None:
        if self._closed:
            return
        for name, lines in data["files"].items():
            if name not in _STREAMED or not lines.endswith(b"\n"):
                raise ValueError(f"worker {member.shard} sent lines of {name!r}")
            self._writer.append(name, lines)
        for index in data["settled"]:
            self._ledger.settle(index)
        for first, count, step in data["ranges"]:
            self._ledger.settle_range(first, count, step)
        self._tell(member, "written", number=data["number"])

    def _watch(self) -> None:
        """Send the pulse, and find workers without one."""
        before = time.monotonic()
        while not self._closed:
            self._tell_all("pulse")
            gevent.sleep(PULSE_S)
            now = time.monotonic()
            if now - before > 2 * PULSE_S:
                # This process itself was stopped; the workers' messages have yet to be read.
                for member in self._members.values():
                    member.heard = now
            before = now
            for member in self._alive():
                if now - member.heard > GONE_AFTER_S:
                    log.error("worker %s is gone: silent for %g s", member.shard, GONE_AFTER_S)
                    self._lose(member)

    def _lose(self, member: Member) -> None:
        member.lost = True
        self._milestones.mark("worker-lost", self._clock.now(), shard=member.shard)
        if self._start is not None:
            self._write_off(member)

    def _write_off(self, member: Member) -> None:
        """Record as lost every arrival of a worker's shard that has no record."""
        for lost in self._ledger.write_off(Fate.LOST, member.shard, len(self._members)):
            self._writer.write(lost)

    def _command(self, start: float) -> None:
        """Pass the load commands on to the workers during the load."""
        commands = LoadCommandReader(self._run, self._milestones, self._planned)
        while not self._stopped.wait(LOOK_S):
            for command in commands.take(self._clock.now(), start, len(self._alive())):
                self._ledger.extend(commands.planned)
                self._tell_all("order", **to_message(command))
                if isinstance(command, Spike):
                    for member in self._members.values():
                        if member.lost:
                            self._write_off(member)

    def _alive(self) -> list[Member]:
        return [member for member in self._members.values() if not member.lost]

    def _playing(self) -> list[Member]:
        """The workers with a shard that have not sent their final records after a stop."""
        return [member for member in self._alive() if member.stage not in ("called", "stopped")]

    def _all(self, stage: str) -> bool:
        """Wait until every remaining worker has reached `stage`; False when stopped."""
        done: Callable[[], bool] = lambda: all(m.stage == stage for m in self._alive())  # noqa: E731
        while not self._stopped.is_set() and not done():
            self._stopped.wait(_LOOK_S)
        return not self._stopped.is_set()

    def _tell(self, member: Member, kind: str, **values: Any) -> None:
        message = {"run": self._run.run_id, **values}
        self._runner.send_message(f"diya:{kind}", message, member.client)

    def _tell_all(self, kind: str, **values: Any) -> None:
        for member in self._alive():
            self._tell(member, kind, **values)

    def _wait_until(self, t: float) -> bool:
        self._stopped.wait(max(0.0, t - self._clock.now()))
        return not self._stopped.is_set()

    def _close(self) -> None:
        self._tell_all("end")
        self._closed = True
        self._writer.close()
