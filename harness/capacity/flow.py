"""The order of the probes of a capacity run, and the time that they may take.

With a fleet: demand run → probes of the search → the lower bound with the replica killed → the
lower bound with an overload of ten seconds.  Against a target: steps upward within a ceiling, until
the first sign of a limit, and one step back, which shows the recovery.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from harness.capacity.lengths import MOST_PROBES, Lengths, enough
from harness.capacity.play_probe import Order, Play
from harness.capacity.search import Finished, Next, Rules, next_probe, next_step
from reports.capacity.evidence import bounds
from reports.capacity.findings import Answer, Demand, Probe, ProbeKind
from reports.capacity.knee import predicted_knee

DEMAND = "demand"
KILL = "kill"
OVERLOAD = "overload"
LOWER = 0.9
"""After a kill or an overload that is not recovered from: the next rate, as a share of it, or of
what the service carried then."""
FIRST_STEP = 0.25
"""The first step at a target, as a share of the ceiling: seven more of 1.25 times lead up to it."""
MOST_STEPS = 9
"""With the one that shows the recovery."""


class Judge(Protocol):
    """Judges the records of what has been played, and keeps what was found."""

    def demand(self) -> Demand:
        """The demand by the records of the demand run.  Raises HistoryError without any turn."""

    def probe(self, order: Order, rate: float) -> Probe:
        """The judgement of a played probe; it is in `capacity.json` afterwards."""

    def end_search(self, finished: Finished) -> None:
        """The search is over."""


class Watched(Protocol):
    """The progress on the terminal."""

    def begin(self, kind: ProbeKind, number: int, most: int, rate: float | None) -> None:
        """A probe begins; `number` counts those of the search, of which there are `most`."""

    def judged(self, probe: Probe) -> None:
        """A probe was judged."""


@dataclass
class Flow:
    """Plays the probes of one capacity run."""

    play: Play
    judge: Judge
    lengths: Lengths
    watched: Watched
    seed: int
    budget_s: float
    """The time that the run may take; the probes after the search are never left out for it."""
    clock: Callable[[], float] = time.monotonic
    probes: list[Probe] = field(default_factory=list)
    """Those that have been judged."""

    def run(self) -> None:
        """Play with a fleet until the answer is known or the time is over.

        Raises as `Play` and `Judge`.
        """
        begun = self.clock()
        self.watched.begin(ProbeKind.DEMAND, 0, MOST_PROBES, None)
        self.play(Order(DEMAND, ProbeKind.DEMAND, None, self.lengths.demand))
        knee = predicted_knee(self.judge.demand()).rate.value
        if knee is None:
            self.judge.end_search(Finished(False, "the cost of a turn is not known"))
            return
        rules = self._rules(self.budget_s - (self.clock() - begun) - self.lengths.last_two, knee)
        self._search(lambda probes: next_probe(knee, probes, self.seed, rules), MOST_PROBES)
        low = bounds(self.probes).low
        if low is not None:
            rate = self._recovers(KILL, ProbeKind.KILL, low)
            self._recovers(OVERLOAD, ProbeKind.OVERLOAD, rate)

    def run_steps(self, ceiling: float) -> None:
        """Play against a target, never above `ceiling` turns a second.  Raises as `Play`."""
        begun, each = self.clock(), self.lengths.measured_s + self.lengths.overhead_s

        def following(probes: Sequence[Probe]) -> Next | Finished:
            step = next_step(ceiling * FIRST_STEP, ceiling, probes, self.seed)
            climbs = not probes or probes[-1].answer is Answer.PASS
            if climbs and probes and self.clock() - begun + 2 * each > self.budget_s:
                return Finished(True, "the time was over below the ceiling: --minutes gives more")
            return step

        self._search(following, MOST_STEPS)

    def _rules(self, seconds: float, knee: float) -> Rules:
        measured = enough(self.lengths.probe, knee)[-1].seconds
        return Rules(
            most_probes=MOST_PROBES,
            # One probe is played however little time there is.
            most_seconds=max(seconds, measured + self.lengths.overhead_s),
            probe_s=measured,
            overhead_s=self.lengths.overhead_s,
        )

    def _search(self, following: Callable[[Sequence[Probe]], Next | Finished], most: int) -> None:
        while not isinstance(step := following(self.probes), Finished):
            number = len(self.probes) + 1
            self.watched.begin(step.kind, number, most, step.rate)
            name = f"{'step' if step.kind is ProbeKind.STEP else 'probe'}-{number:02d}"
            stages = enough(self.lengths.probe, step.rate)
            self._played(Order(name, step.kind, step.rate, stages))
        self.judge.end_search(step)

    def _recovers(self, name: str, kind: ProbeKind, rate: float) -> float:
        """Play the kill or the overload; the rate at which the service recovers from it.

        After a failure a lower rate is tried once; `capacity.json` says how that ended.
        """
        stages = self.lengths.kill if kind is ProbeKind.KILL else self.lengths.overload
        stages = enough(stages, LOWER * rate)
        at = self.lengths.kill_at if kind is ProbeKind.KILL else None
        self.watched.begin(kind, 0, MOST_PROBES, rate)
        probe = self._played(Order(name, kind, rate, stages, at))
        if probe.answer is Answer.FAIL:
            # Turns that are refused and asked for again take CPU: it carries less than before.
            rate = LOWER * min(rate, probe.carried or rate)
            self.watched.begin(kind, 0, MOST_PROBES, rate)
            self._played(Order(f"{name}-2", kind, rate, stages, at))
        return rate

    def _played(self, order: Order) -> Probe:
        probe = self.judge.probe(order, self.play(order))
        self.probes.append(probe)
        self.watched.judged(probe)
        return probe
