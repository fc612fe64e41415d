"""The series of recorded pairs: what side A and side B play, and what else runs meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.validate.planted import CPU, LOCK

PROFILE = Path(__file__).with_name("short.toml")
_LOAD = ("--profile", str(PROFILE), "--experiment", "none")
_FLEET = ("--replicas", "3", "--scale", "1", "--no-rehearsal", "--seed", "1")
"""All runs have one seed, as in `diya versus`."""
PLANTED = "tests.validate.planted:factory"


@dataclass(frozen=True)
class Series:
    """Pairs of runs.  A series without `planted` plays the same on both sides (A/A)."""

    name: str
    title: str
    load: tuple[str, ...] = _LOAD
    planted: Mapping[str, str] = field(default_factory=dict)
    """Environment of the service of side B, which then is the planted one."""
    neighbour: bool = False
    """Another process takes half a core now and then."""

    def options(self, side: str) -> tuple[str, ...]:
        """The words after `diya readiness`."""
        sessions = PLANTED if self.planted and side == "B" else "redis"
        return (*self.load, *_FLEET, "--sessions", sessions)

    def environment(self, side: str) -> dict[str, str]:
        """Additional variables of the run."""
        return dict(self.planted) if side == "B" else {}


SERIES = {
    each.name: each
    for each in (
        Series("quiet", "A/A, the machine is free"),
        Series("shared", "A/A, others work on the machine"),
        Series("neighbour", "A/A, a process takes half a core now and then", neighbour=True),
        Series("cpu10", "B burns 1 ms of CPU a turn more", planted={CPU: "1"}),
        Series("latency10", "B waits 16 ms a turn more", planted={LOCK: "16"}),
    )
}
