"""How far an answer may go beyond the measurements."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reach:
    """The widest factors by which an answer may go beyond the measurements.

    Both are the widest steps on which the methods are checked themselves.  The simulator is
    calibrated with one replica and checked against fleets of up to 12; the line through Redis's
    sizes is checked by its largest step, from 100,000 to 300,000 sessions.  Beyond them a line of
    the sheet says "not known".
    """

    replicas: float = 12
    """Replicas, as a multiple of the largest fleet that was simulated or measured."""
    sessions: float = 3
    """Sessions of one Redis, as a multiple of the largest number that was measured."""


REACH = Reach()
