"""Plays an experiment on a fleet, in time with the load, and records each step."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Mapping

from chaos.errors import ChaosConfigError, ChaosError
from chaos.experiment.answer_text import answer_text
from chaos.experiment.model import START, Activity, Experiment, Look, Probe, Step
from chaos.experiment.outside_action import OutsideAction
from chaos.faults.base import Fault, perform
from chaos.fleet.environment import SystemUnderTest
from reports.records import FaultWindow, ProbeRecord, Record, Recorder, RunClock

_LOG = logging.getLogger(__name__)
_LONGEST_ANSWER = 200


class SteadyStateError(ChaosError):
    """The steady-state hypothesis does not hold before any fault."""


class Schedule:
    """One thread that plays the method; activities in the background have their own threads.

    A pause counts from the end of the activity before and is never shortened; an activity with a
    moment of the load begins then, or when the one before has ended if that is later.
    """

    def __init__(
        self,
        experiment: Experiment,
        fleet: SystemUnderTest,
        clock: RunClock,
        writer: Recorder,
        seed: int,
        phases: Mapping[str, float] | None = None,
        *,
        outlives_run: bool = False,
    ) -> None:
        """Nothing is done to the fleet, which need not be started yet.

        `phases` are the load's: name -> seconds after the start of the load.  A system that
        `outlives_run` is healed and rolled back even if the run is abandoned.  Raises
        ChaosConfigError when a planned fault can never be done to such a fleet, or begins in a
        phase that there is not, or the probes of the configuration were not asked.
        """
        if experiment.unasked:
            raise ChaosConfigError(
                f"{experiment.path}: configuration.{experiment.unasked[0]} must be asked before "
                "anything is played"
            )
        self._phases = {START: 0.0, **(phases or {})}
        for step in (*experiment.faults, *experiment.rollbacks):
            try:
                step.make().check(fleet)
            except ValueError as error:
                raise ChaosConfigError(f"{experiment.path}: {step.id}: {error}") from error
        for activity in experiment.method:
            if activity.at is not None and activity.at.phase not in self._phases:
                raise ChaosConfigError(
                    f"{experiment.path}: at: {activity.name} must be a phase of the load "
                    f"({', '.join(self._phases)}), got {str(activity.at)!r}"
                )
        self.planned = experiment.planned
        """The ids of the planned faults, in order."""
        self.last_end: float | None = None
        """Run time at which the last fault ended; None before any."""
        self._experiment = experiment
        self._fleet = fleet
        self._clock = clock
        self._writer = writer
        self._seed = seed
        self._stop = threading.Event()
        self._outlives_run = outlives_run
        self._abandoned = False
        self._lock = threading.Lock()
        self._running: dict[str, Fault] = {}
        self._kept: set[str] = set()
        """The ids of the rollbacks that the guardian keeps."""
        # Daemons: a fault that hangs must not keep a harness alive that wants to end.
        self._thread = threading.Thread(target=self._play, name="faults", daemon=True)
        self._background: list[threading.Thread] = []
        self._load_start = 0.0
        self._calm_at = 0.0

    @property
    def current(self) -> str | None:
        """The ids of the faults in progress, for the progress line."""
        with self._lock:
            return " + ".join(self._running) or None

    @property
    def finished(self) -> bool:
        """Whether everything is over, or the schedule was stopped."""
        return self._thread.ident is not None and not self._thread.is_alive()

    def start(self, load_start: float) -> None:
        """Begin; `load_start` is the run time of the load's `start` mark.

        Raises SteadyStateError when the hypothesis does not hold before the first fault, ChaosError
        when the guardian does not take the rollbacks: nothing is done then.
        """
        unmet = self._hypothesis("before")
        if unmet:
            raise SteadyStateError(
                f"the steady state does not hold before any fault: {'; '.join(unmet)}"
            )
        self._keep_rollbacks()
        self._load_start = load_start
        _LOG.info("faults begin: %s", ", ".join(self.planned) or "none")
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> bool:
        """End early: a fault in progress goes on to heal, the others are not done.

        Then the steady state is probed and the rollbacks are played as usual.  Returns whether
        the schedule has ended within `timeout` seconds.
        """
        with self._lock:
            self._stop.set()
            running = list(self._running.values())
        for fault in running:
            fault.cancelled.set()
        return self.join(timeout)

    def abandon(self) -> None:
        """Stop without waiting; a fleet that is about to go is asked nothing any more."""
        self._abandoned = not self._outlives_run
        self.stop(0.0)

    def join(self, timeout: float) -> bool:
        """Whether the schedule has ended, after at most `timeout` seconds."""
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _play(self) -> None:
        resume = self._calm_at = self._load_start
        seen: dict[str, int] = {}
        for activity in self._experiment.method:
            if self._stop.is_set():
                break
            due = resume + activity.before
            if activity.at is not None:
                moment = self._phases[activity.at.phase] + activity.at.offset
                due = max(resume, self._load_start + moment)
            # By name, not by place: a schedule without some of its faults hits the same targets.
            seen[activity.name] = seen.get(activity.name, 0) + 1
            rng = random.Random(f"{self._seed}:{activity.name}:{seen[activity.name]}")
            if activity.background:
                thread = threading.Thread(
                    target=self._do, args=(activity, due, rng), name=activity.name, daemon=True
                )
                self._background.append(thread)
                thread.start()
            else:
                resume = self._do(activity, due, rng)
        for thread in self._background:
            thread.join()
        self._stop.wait(max(0.0, self._calm_at - self._clock.now()))
        if not self._abandoned:
            self._hypothesis("after")
        for step in self._experiment.rollbacks:
            if not self._abandoned:
                window = self._perform(step, random.Random(f"{self._seed}:{step.id}"), always=True)
                if step.id in self._kept and window is not None and window.took_hold:
                    self._fleet.undo_keeper.drop(step.id)

    def _keep_rollbacks(self) -> None:
        """Let the guardian play the rollbacks of the user's own if the harness dies.

        It plays what came last first, so the last rollback comes first.  It plays none of diya's
        own functions, which need the run.
        """
        for step in reversed(self._experiment.rollbacks):
            action = step.make()
            if isinstance(action, OutsideAction):
                self._fleet.undo_keeper.keep(step.id, action.rollback())
                self._kept.add(step.id)

    def _do(self, activity: Activity, due: float, rng: random.Random) -> float:
        """One activity of the method; returns when the next may begin."""
        lead = activity.make().lead if isinstance(activity, Step) else 0.0
        if self._stop.wait(max(0.0, due - lead - self._clock.now())):
            return due
        if isinstance(activity, Step):
            self._perform(activity, rng)
        elif isinstance(activity, Look):
            self._ask(activity.probe, "during")
        resume = self._clock.now() + activity.after
        with self._lock:
            self._calm_at = max(self._calm_at, resume)
        return resume

    def _perform(
        self, step: Step, rng: random.Random, *, always: bool = False
    ) -> FaultWindow | None:
        """Do one fault; None: the schedule was stopped before."""
        fault = step.make()
        with self._lock:
            if self._stop.is_set() and not always:
                return None
            self._running[step.id] = fault
        window: FaultWindow | None = None
        try:
            window = perform(step.id, fault, self._fleet, self._clock, rng)
        finally:
            if window is not None:
                self._write(window)
                _LOG.info("%s: %s", step.id, _fate(window))
            with self._lock:
                del self._running[step.id]
                if window is not None:
                    self.last_end = max(self.last_end or 0.0, window.end)
        return window

    def _hypothesis(self, when: str) -> list[str]:
        """Ask every probe and record the answers; a sentence for each that is not as expected."""
        sentences = []
        for probe in self._experiment.steady_state:
            record = self._ask(probe, when)
            if record.met is not True:
                answer = record.error or record.answer
                sentences.append(f"{probe.name}: {answer}, expected {record.expected}")
        return sentences

    def _ask(self, probe: Probe, when: str) -> ProbeRecord:
        at = self._clock.now()
        answer = error = None
        met: bool | None = None
        try:
            value = probe.ask(self._fleet)
            answer = answer_text(value)
            if probe.tolerance is not None:
                met = probe.tolerance.meets(value)
        except Exception as problem:
            error = str(problem) or type(problem).__name__
            met = False
        record = ProbeRecord(
            name=probe.name,
            when=when,
            at=at,
            done=self._clock.now(),
            answer=None if answer is None else probe.mask(answer)[:_LONGEST_ANSWER],
            expected=None if probe.tolerance is None else probe.mask(str(probe.tolerance)),
            met=met,
            error=None if error is None else probe.mask(error)[:_LONGEST_ANSWER],
        )
        self._write(record)
        answered = record.answer if record.error is None else record.error
        _LOG.info("probe %s, %s the faults: %s", probe.name, when, answered)
        return record

    def _write(self, record: Record) -> None:
        with self._lock:  # the first record of a kind opens its file
            try:
                self._writer.write(record)
            except OSError:
                self._stop.set()  # without a record nothing is done; the writer keeps the error


def _fate(window: FaultWindow) -> str:
    """The outcome of a fault in words."""
    held = "took hold of" if window.took_hold else "did not take hold of"
    healed = "healed" if window.recovered_at is not None else "not healed"
    error = f": {window.error}" if window.error else ""
    return f"{held} {window.target}, {healed}, {window.end - window.start:.2f} s{error}"
