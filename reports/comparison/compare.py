"""Compares two sides of runs: set-up, facts, then figures."""

from __future__ import annotations

from collections.abc import Mapping

from reports.comparison.model import Comparison
from reports.comparison.sides import SideRuns
from reports.comparison.statistics import KnownSpread


def compare(
    a: SideRuns,
    b: SideRuns,
    *,
    margin: float | Mapping[str, float] | None = None,
    same_machine: bool = False,
    known: Mapping[str, KnownSpread] | None = None,
) -> Comparison:
    """Compare B with A.

    `margin` is the practical margin of all figures, or of some by their keys; the others have their
    own.  `same_machine`: the user knows that both sides ran on one machine and that its speed did
    not change.  `known`: key of a figure -> its spread in earlier runs of one set-up.
    """
    raise NotImplementedError
