"""A worker of a distributed load: plays the shard that its master assigns, and sends all records.

A worker belongs to one run at a time.  It stops, and its process ends, when the master is silent or
refuses it, so that no record of a run whose master was killed reaches another run.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event

from loadtests.adk.attempt import Observer
from loadtests.generator import load_commands, permission, settings
from loadtests.generator.master import GONE_AFTER_S, PULSE_S
from loadtests.generator.player import Player
from loadtests.generator.stream import Stream
from reports.basics.exit_codes import ExitCode
from reports.records import RunClock

_COMMANDS = ("shard", "start", "order", "audit", "stop", "end")
_CLOCK_ROUNDS = 8
_FLUSH_S = 0.25

log = logging.getLogger("diya.load")


class Worker:
    """This process's part in the master's current run."""

    def __init__(self, environment: Any, observe: Observer) -> None:
        self._environment, self._runner, self._observe = environment, environment.runner, observe
        self._run_id: str | None = None
        self._stream: Stream | None = None
        self._player: Player | None = None
        self._heard = time.monotonic()
        self._times: list[tuple[float, float]] = []
        self._time_told = Event()
        self._idle = Event()
        for kind in (*_COMMANDS, "pulse", "written", "refused"):
            self._runner.register_message(f"diya:{kind}", self._take)
        self._runner.register_message("diya:clock", self._take_time)
        gevent.spawn(self._watch)

    def idle(self) -> None:
        """Wait until Locust stops the users; the Locust user itself has no task on a worker."""
        self._idle.clear()
        self._idle.wait()

    def stop(self) -> None:
        """End now, and send the final records to the master.  Does nothing without a load."""
        self._idle.set()
        player, stream = self._player, self._stream
        if player is None or stream is None:
            return
        self._player = None
        player.stop()
        stream.flush()
        self._say("stopped")

    def _take(self, environment: Any, msg: Any, **_: Any) -> None:
        kind, data = msg.type.removeprefix("diya:"), msg.data
        if kind == "shard" and self._run_id is None:
            self._run_id = data["run"]
        if data["run"] != self._run_id:
            if self._run_id is not None:
                # Another master has replaced this worker's: its run is over.
                self._leave("a master of another run answers here")
            return
        self._heard = time.monotonic()
        match kind:
            case "shard":
                gevent.spawn(self._guarded, self._prepare, data)
            case "start":
                gevent.spawn(self._guarded, self._talk, data["start"])
            case "order" if self._player is not None:
                gevent.spawn(self._guarded, self._player.obey, load_commands.from_message(data))
            case "audit":
                gevent.spawn(self._guarded, self._audit)
            case "written" if self._stream is not None:
                self._stream.acknowledged(data["number"])
            case "stop":
                gevent.spawn(self._guarded, self.stop)
            case "end":
                self._run_id, self._player, self._stream = None, None, None
            case "refused":
                self._leave("the master refused this worker")

    def _prepare(self, data: dict[str, Any]) -> None:
        try:
            run = settings.parse(Path("run.json of the master"), data["values"])
            permission.check_target(data["target"], "--authorised where this worker joins")
            clock = RunClock(run.origin - self._clock_offset())
            stream = Stream(lambda batch: self._say("records", **batch))
            self._player = Player(
                run,
                data["target"],
                clock,
                stream,
                self._observe,
                self._broken,
                planned=data["planned"],
                shard=data["shard"],
                shards=data["shards"],
            )
        except ValueError as error:
            log.error("%s", error)
            self._say("failed", error=str(error))
            self._leave(str(error))
            return
        self._stream = stream
        gevent.spawn(self._flush_often, stream)
        self._say("ready")

    def _talk(self, start: float) -> None:
        player, stream = self._player, self._stream
        if player is not None and stream is not None and player.talk(start):
            stream.flush()
            self._say("talked")

    def _audit(self) -> None:
        player, stream = self._player, self._stream
        if player is not None and stream is not None and player.audit_late():
            stream.flush()
            self._say("audited")

    def _flush_often(self, stream: Stream) -> None:
        while self._stream is stream:
            gevent.sleep(_FLUSH_S)
            stream.flush()

    def _clock_offset(self) -> float:
        """The master's clock minus this one, seconds; 0 when too small to measure.

        The quickest of some round trips measures it with an error of half its length.
        """
        self._times.clear()
        for _ in range(_CLOCK_ROUNDS):
            self._time_told.clear()
            self._runner.send_message("diya:clock", {"sent": time.time()})
            self._time_told.wait(1.0)
        if not self._times:
            return 0.0
        trip, offset = min(self._times)
        return offset if abs(offset) > trip / 2 else 0.0

    def _take_time(self, environment: Any, msg: Any, **_: Any) -> None:
        sent, now = msg.data["sent"], time.time()
        self._times.append((now - sent, msg.data["now"] - (sent + now) / 2))
        self._time_told.set()

    def _watch(self) -> None:
        """Send the pulse, and check the master's."""
        before = time.monotonic()
        while True:
            if self._run_id is not None:
                self._say("pulse")
            gevent.sleep(PULSE_S)
            now = time.monotonic()
            if self._run_id is None or now - before > 2 * PULSE_S:
                # This worker has no master yet, or this process itself was stopped.
                self._heard = now
            before = now
            if now - self._heard > GONE_AFTER_S:
                self._leave(f"the master is silent for {GONE_AFTER_S:g} s")

    def _leave(self, why: str) -> None:
        """End this process without clean-up, because its records have no recipient."""
        log.error("%s: this worker ends", why)
        os._exit(ExitCode.INCONCLUSIVE)

    def _guarded(self, work: Any, *args: Any) -> None:
        try:
            work(*args)
        except Exception:
            log.exception("the load generator broke")
            self._broken()

    def _broken(self) -> None:
        self._environment.process_exit_code = ExitCode.BROKEN
        self._say("failed", error="the load generator broke; its log says more")

    def _say(self, kind: str, **values: Any) -> None:
        self._runner.send_message(f"diya:{kind}", {"run": self._run_id, **values})
