"""Watches a run from the generator's start until the last session's TTL has drained."""

from __future__ import annotations

import logging
import math
import time
from pathlib import Path

from chaos.experiment.schedule import Schedule, SteadyStateError
from harness.errors import RecordsError
from harness.run.directory.record_tail import Tail
from harness.run.load.extension import LONGEST_S, Extension
from harness.run.load.generator import Load
from harness.run.marks.faults_in_progress import DeclaredFaults, FaultsInProgress
from harness.run.plan import Plan
from harness.run.progress import Progress
from reports.records import ConversationRecord, LoadMark, RecordWriter, RunClock, TurnRecord

_LOG = logging.getLogger(__name__)
_LOOK_S = 0.2
_START_S = 30.0
"""The generator's time to start, in addition to the time to count its arrivals."""
_COUNTED_A_SECOND = 200_000
"""Arrivals that a slow machine counts in a second."""
_JOIN_S = 600.0
"""The time that workers of other machines have to join."""
_DRAINED_S = 4.0
"""Memory is watched this long after the last session's TTL: a few samples, and Redis's own time
to reclaim expired keys."""
_SLACK_S = 60.0
"""The delay of any part of the load after which the run is cut."""


class Watch:
    """Follows the load's marks, starts and stops the faults in time with them, shows progress."""

    def __init__(
        self,
        plan: Plan,
        run_dir: Path,
        clock: RunClock,
        progress: Progress,
        generator: Load,
        schedule: Schedule | None,
        records: RecordWriter,
        extension: Extension | None = None,
        declared: DeclaredFaults | None = None,
    ) -> None:
        """`records` writes the harness's records; the run ends when the disk refuses them.

        With an `extension` the load goes on while a fault lasts longer than planned; `declared`
        are the faults that marks declare.
        """
        self._plan = plan
        self._clock = clock
        self._progress = progress
        self._generator = generator
        self._schedule = schedule
        self._records = records
        self._extension = extension
        self._declared = declared or DeclaredFaults(run_dir)
        self._faults = FaultsInProgress(schedule, self._declared)
        self._extended = 0.0
        """By how many seconds the load ends later than planned."""
        self._marks = Tail(run_dir, LoadMark)
        self._turns = Tail(run_dir, TurnRecord)
        self._conversations = Tail(run_dir, ConversationRecord)
        self._phase = "starting"
        self._start: float | None = None
        self._drained_at: float | None = None
        """The run time at which every TTL is over and memory has been sampled after it."""
        profile = plan.profile
        start_s = _START_S if plan.workers.bind is None else _JOIN_S
        start_s += profile.curve().total / _COUNTED_A_SECOND
        self._deadline_s = profile.conversation.deadline_s
        # A pause and a turn; or, after the last turn, a read-back, a deletion, another read-back.
        self._longest_silence = profile.longest_pause_s + 4 * self._deadline_s + _SLACK_S
        self._silent_until = clock.now() + start_s
        """The load hangs if no record of it comes until this run time; each record moves it."""
        self._cut_at = math.inf
        """The run is cut at this run time, even while records come."""

    def run(self) -> None:
        """Return when everything has been seen, or when the generator is gone or hangs.

        Raises GeneratorError when the generator never offered any load, RecordsError when the disk
        takes no more.
        """
        try:
            self._follow_to_the_end()
        except BaseException:
            if self._schedule is not None:
                self._schedule.abandon()
            raise
        self._progress.clear()
        if self._schedule is not None:
            self._schedule.stop()
        if self._start is None:
            self._generator.check_started()

    def _follow_to_the_end(self) -> None:
        while True:
            # Checked before the records are read, so that all records before its end are read.
            running = self._generator.running
            self._look()
            if not running and not self._draining():
                break
            if self._clock.now() > min(self._silent_until, self._cut_at):
                self._progress.problem("the load generator does not end: cutting the run")
                break
            time.sleep(_LOOK_S)

    def _draining(self) -> bool:
        return self._drained_at is not None and self._clock.now() < self._drained_at

    def _look(self) -> None:
        if (failure := self._records.failure) is not None:
            raise RecordsError(
                f"{failure.filename}: {failure.strerror}; the run was ended and everything healed"
            )
        # Before the load's own marks, so that its end knows the faults that are still open.
        for declared in self._declared.read():
            self._progress.say(f"mark: {declared.edge} {declared.name} at {declared.t:.1f} s")
        for mark in self._marks.read():
            self._follow(mark)
        turns = self._turns.read()
        self._progress.add(turns)
        self._extend(turns)
        if self._start is not None:
            fault = self._faults.current
            # Customers whose connection is cut are silent while that fault lasts.
            if self._conversations.read() or turns or fault is not None:
                heard_until = self._clock.now() + self._longest_silence
                self._silent_until = max(self._silent_until, heard_until)
            self._progress.show(self._clock.now(), self._phase, fault, self._left())

    def _extend(self, turns: list[TurnRecord]) -> None:
        if self._extension is None or self._start is None or self._phase == "TTL drains":
            return
        self._extension.add(turns)
        self._extended += self._extension.look(self._clock.now(), self._start)

    def _follow(self, mark: LoadMark) -> None:
        profile = self._plan.profile
        _LOG.info("load: %s at %.2f s", mark.mark, mark.t)
        if mark.mark == "start":
            self._start = mark.t
            self._silent_until = mark.t + profile.load_seconds + self._longest_silence
            longest = profile.conversation.max_turns * (profile.longest_pause_s + self._deadline_s)
            self._cut_at = self._silent_until + longest + LONGEST_S
            if self._schedule is not None:
                self._begin_faults(self._schedule, mark.t)
        elif mark.mark.startswith("phase:"):
            self._phase = mark.mark.removeprefix("phase:")
        elif mark.mark == "arrivals-end":
            self._phase = "last replies"
        elif mark.mark == "end":
            self._phase = "TTL drains"
            self._drained_at = mark.t + profile.real_ttl_seconds + _DRAINED_S
            if not self._plan.drained:
                self._drained_at = mark.t
            # Only the audits of sessions whose TTL is over remain.
            self._cut_at = mark.t + profile.real_ttl_seconds + 2 * self._deadline_s + _SLACK_S
            self._silent_until = self._cut_at
            if unended := self._declared.current:
                self._progress.problem(
                    f"the load has ended and the end of {', '.join(unended)} is not marked: "
                    "the run will be inconclusive"
                )
            if self._schedule is not None:
                # A fault without load proves nothing: faults that have not begun are left out.
                self._schedule.stop()

    def _begin_faults(self, schedule: Schedule, load_start: float) -> None:
        try:
            schedule.start(load_start)
        except SteadyStateError as error:
            # It is recorded, so the run will be inconclusive and can end now.
            self._progress.problem(str(error))
            self._cut_at = self._clock.now()

    def _left(self) -> float:
        """Seconds to the end of the watch; the planned end while the load lasts."""
        profile = self._plan.profile
        planned = (self._start or 0.0) + profile.load_seconds + self._extended
        if self._plan.drained:
            planned += profile.real_ttl_seconds + _DRAINED_S
        return (self._drained_at or planned) - self._clock.now()
