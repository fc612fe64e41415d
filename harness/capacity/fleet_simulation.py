"""Fleets in the simulator: whether this many replicas keep the SLO at a constant rate."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import ConfigError
from loadtests.profiles.journeys import Book
from loadtests.profiles.profile import Profile
from loadtests.simulation import calibration as calibrations
from loadtests.simulation import plans, steady
from loadtests.simulation.calibration import Calibration, CalibrationError
from loadtests.simulation.engine import SetUp
from loadtests.simulation.plans import PlannedTalk
from reports.capacity.fleet import Simulation

CHECKED_REPLICAS = 12
"""The largest fleet against whose measurement the simulator is held (`make validate-capacity`)."""
GROUP = 12
"""A larger fleet is simulated by a group of this many of its replicas and their share of the load.

Behind round robin a replica of N gets every N-th arrival, and so the more even gaps the larger N
is: the group is the harder case.
"""
SECONDS, WARM_UP_S = 120.0, 20.0
"""The length of a simulated load, and the part of it that is not measured.  The profile's
compressed think times are used, as in the probes, so the load is steady after seconds."""


def simulation(
    run_dir: Path, seed: int, profile: Profile, book: Book | None = None
) -> Simulation | None:
    """The simulator with the calibration of a capacity run; None: the run has none.

    Raises ConfigError for a calibration that cannot be used.
    """
    file = run_dir / calibrations.FILE
    if not file.is_file():
        return None
    try:
        calibration = calibrations.read(file)
    except CalibrationError as error:
        raise ConfigError(str(error)) from None
    return Simulation(_Fleets(profile, calibration, seed, book).keep, CHECKED_REPLICAS)


@dataclass(slots=True)
class _Fleets:
    """Simulated fleets; their conversations are planned once."""

    profile: Profile
    calibration: Calibration
    seed: int
    book: Book | None
    _talks: list[PlannedTalk] = field(default_factory=list)

    def keep(self, replicas: int, turns_per_s: float) -> bool | None:
        """Whether the fleet keeps the SLO at this rate."""
        if not self._talks:
            self._talks = plans.library(self.profile, self.seed, self.calibration, self.book)
        group = min(replicas, GROUP)
        talk = self.profile.conversation
        set_up = SetUp(
            load_s=SECONDS,
            warm_up_s=WARM_UP_S,
            ttl_s=self.profile.real_ttl_seconds,
            calibration=self.calibration,
            replicas=group,
            deadline_s=talk.deadline_s,
            attempt_timeout_s=talk.attempt_timeout_s,
            latency_limit_s=self.profile.slo["steady_p99_s"],
        )
        rate = turns_per_s * group / replicas
        outcomes = steady.steady(set_up, self._talks, rate, self.seed)
        slo = steady.Slo(
            p99_s=self.profile.slo["steady_p99_s"], error_share=self.profile.slo["error_rate"]
        )
        return steady.keeps(outcomes, slo)
