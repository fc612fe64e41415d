"""The progress of a capacity run: the probe, its rate, p99, errors and the time that is left."""

from __future__ import annotations

import time
from typing import TextIO

from harness.run.progress import Progress
from reports.capacity.findings import Probe, ProbeKind

_PURPOSE = {
    ProbeKind.DEMAND: "demand run",
    ProbeKind.KILL: "replica killed",
    ProbeKind.OVERLOAD: "overload of 1.5 ×",
}


class CapacityProgress(Progress):
    """One line for the probe under way, as of a readiness run; one that stays for each judgement.

    The parts of a probe say nothing themselves: a fleet of one replica starts ten times.
    """

    def __init__(
        self, planned_s: float, stream: TextIO | None = None, *, quiet: bool = False
    ) -> None:
        """`planned_s` are the seconds that all of it may take."""
        super().__init__(stream, quiet=quiet)
        self._until = time.monotonic() + planned_s
        self._label = ""

    def say(self, text: str) -> None:
        """Nothing: it is about a part of a probe."""

    def note(self, text: str) -> None:
        """Show that the probe starts."""
        super().note(f"{self._label}: starting")

    def tell(self, text: str) -> None:
        """Print a line that stays, with the seconds since the start."""
        super().say(text)

    def begin(self, kind: ProbeKind, number: int, most: int, rate: float | None) -> None:
        """A probe begins; `number` counts those of the search."""
        self._label = _PURPOSE.get(kind, f"probe {number} of at most {most}")
        if rate is not None:
            self._label += f" at {rate:.1f} turns/s"
        self._turns.clear()
        self._total = self._errors = 0

    def aside(self, text: str) -> None:
        """Show progress besides the probes: a line that the next one replaces."""
        super().note(text)

    def judged(self, probe: Probe) -> None:
        """Say how a probe was judged."""
        p99 = "-" if probe.p99_s is None else f"{probe.p99_s:.2f} s"
        errors = "-" if probe.error_share is None else f"{probe.error_share:.2%}"
        said = f"; {probe.reasons[0]}" if probe.reasons else ""
        if probe.recovered_s is not None:
            said = f"; recovered in {probe.recovered_s:.0f} s{said}"
        self.tell(f"{self._label}: {probe.answer}, p99 {p99}, errors {errors}{said}")

    def show(self, now: float, phase: str, fault: str | None, left_s: float) -> None:
        """As `Progress.show`, with the probe and the time that is left at most."""
        if self._is_time():
            self._line(
                f"{self._label}: {self._figures(now)}   {max(0.0, left_s):.0f} s of it left, "
                f"{max(0.0, self._until - time.monotonic()):.0f} s in all"
            )
