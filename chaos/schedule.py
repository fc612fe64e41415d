"""Plays an experiment on a fleet, in time with the load, and records what was done."""

from __future__ import annotations

import random
import threading

from chaos.environment import Environment
from chaos.errors import ChaosConfigError, ChaosError
from chaos.experiment import Experiment, Probe
from chaos.faults.base import Fault, perform
from reports.records import RecordWriter, RunClock


class Schedule:
    """One thread that does the planned faults one after the other; a pause is never shortened."""

    def __init__(
        self,
        experiment: Experiment,
        fleet: Environment,
        clock: RunClock,
        writer: RecordWriter,
        seed: int,
    ) -> None:
        """Nothing is done to the fleet, which need not be started yet.

        Raises ChaosConfigError when a planned fault can never be done to such a fleet.
        """
        for step in experiment.method:
            try:
                step.make().check(fleet)
            except ValueError as error:
                raise ChaosConfigError(f"{experiment.path}: {step.id}: {error}") from error
        self.planned = experiment.planned
        """The ids of the planned faults, in order."""
        self.deviations: tuple[str, ...] = ()
        """What of the steady state did not hold after the last fault."""
        self._experiment = experiment
        self._fleet = fleet
        self._clock = clock
        self._writer = writer
        self._seed = seed
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._running: tuple[str, Fault] | None = None
        # A daemon: a fault that hangs must not keep a harness alive that wants to end.
        self._thread = threading.Thread(target=self._play, name="faults", daemon=True)
        self._load_start = 0.0

    @property
    def current(self) -> str | None:
        """The id of the fault in progress, for the progress line."""
        running = self._running
        return running[0] if running else None

    @property
    def finished(self) -> bool:
        """Whether the last fault is over, or the schedule was stopped."""
        return self._thread.ident is not None and not self._thread.is_alive()

    def start(self, load_start: float) -> None:
        """Begin; `load_start` is the run time of the load's `start` mark.

        Raises ChaosError when the steady-state hypothesis does not hold before the first fault.
        """
        unmet = _unmet(self._experiment.steady_state)
        if unmet:
            raise ChaosError(f"the steady state does not hold before any fault: {'; '.join(unmet)}")
        self._load_start = load_start
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> bool:
        """End early: a fault in progress goes on to heal, the others are not done.

        Returns whether the schedule has ended within `timeout` seconds.
        """
        with self._lock:
            self._stop.set()
            running = self._running
        if running:
            running[1].cancelled.set()
        return self.join(timeout)

    def join(self, timeout: float) -> bool:
        """Whether the schedule has ended, after at most `timeout` seconds."""
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _play(self) -> None:
        resume = self._load_start
        for index, step in enumerate(self._experiment.method):
            fault = step.make()
            due = resume + step.before - fault.lead
            stopped = self._stop.wait(max(0.0, due - self._clock.now()))
            with self._lock:
                if stopped or self._stop.is_set():
                    return
                self._running = (step.id, fault)
            rng = random.Random(f"{self._seed}:{index}")
            window = perform(step.id, fault, self._fleet, self._clock, rng)
            self._writer.write(window)
            self._running = None
            resume = window.end + step.after
        if not self._stop.wait(max(0.0, resume - self._clock.now())):
            self.deviations = tuple(_unmet(self._experiment.steady_state))


def _unmet(probes: tuple[Probe, ...]) -> list[str]:
    sentences = []
    for probe in probes:
        try:
            answer = probe.ask()
        except Exception as error:
            answer = error
        if answer != probe.tolerance:
            sentences.append(f"{probe.name}: {answer!r}, expected {probe.tolerance!r}")
    return sentences
