"""Prolongs the load while a fault lasts longer than planned, so that customers come after it.

A slow machine takes several times as long to start a replica again.  If the load ended meanwhile,
no turn would follow the fault, and the run would be inconclusive only because the machine is slow.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from heapq import nlargest
from random import Random

from chaos.fleet.environment import LoadSwitch
from harness.run.marks.faults_in_progress import FaultsInProgress
from loadtests.profiles.profile import Profile
from reports.checks.floors import TURNS_AFTER
from reports.records import TurnRecord
from reports.records.load_commands import ExtendCommand

LONGEST_S = 30.0
"""The most by which the load is prolonged, real seconds."""
_STEP_S = 3.0
_LEAD_S = 2.0
"""A command is sent this long before the load ends, so that it arrives on a busy machine too."""
_LOG = logging.getLogger(__name__)


class Extension:
    """Decides, while a load is played, whether it is prolonged."""

    def __init__(
        self, profile: Profile, seed: int, faults: FaultsInProgress, load: LoadSwitch
    ) -> None:
        """`load` takes the commands; `seed` is the run's."""
        self._faults, self._load = faults, load
        self._rng = Random(f"{seed}:extension")
        self._end = profile.load_seconds
        self._latest = profile.load_seconds + LONGEST_S
        self._rate = profile.curve().total / profile.load_seconds
        self._sent: list[float] = []
        """When the answered turns were sent: the `TURNS_AFTER` latest, the latest first."""

    def add(self, turns: Iterable[TurnRecord]) -> None:
        """Take note of answered turns."""
        self._sent = nlargest(TURNS_AFTER, [*self._sent, *(turn.sent for turn in turns)])

    def look(self, now: float, start: float) -> float:
        """Prolong the load if it is needed; returns the seconds by which the load's end moves.

        `now` and `start` (of the load) are run time.
        """
        if now < start + self._end - _LEAD_S or self._end >= self._latest or self._enough():
            return 0.0
        command = ExtendCommand(seconds=_STEP_S, seed=self._rng.getrandbits(48), rate=self._rate)
        self._load.tell(command)
        self._end += _STEP_S
        _LOG.info("the load goes on until %.1f s: a fault lasts", start + self._end)
        return _STEP_S

    def _enough(self) -> bool:
        if self._faults.current is not None:
            return False
        over = self._faults.last_end
        return over is None or (len(self._sent) == TURNS_AFTER and self._sent[-1] > over)
