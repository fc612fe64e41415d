"""Pairs the runs of two sides, and tells whether they were played in turns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

from reports.comparison.facts import INCONCLUSIVE
from reports.comparison.metrics import Result
from reports.comparison.model import Difference
from reports.comparison.sides import SideRuns, started
from reports.comparison.statistics import NEAR_S

Pair = tuple[Result, Result]
"""A run of A and a run of B of one seed."""


def pairs(a: SideRuns, b: SideRuns) -> tuple[Pair, ...]:
    """The k-th run of a seed in A with the k-th in B, in the order of their starts.

    A pair with an INCONCLUSIVE run is left out.  Empty when a run of the smaller side has no
    partner.
    """
    by_seed: defaultdict[object, tuple[list[Result], list[Result]]] = defaultdict(lambda: ([], []))
    for place, side in enumerate((a, b)):
        for result in side.results:
            by_seed[result.get("seed")][place].append(result)
    found = [pair for of_a, of_b in by_seed.values() for pair in zip(of_a, of_b, strict=False)]
    if len(found) < min(len(a.results), len(b.results)):
        return ()
    sound = [pair for pair in found if INCONCLUSIVE not in {each["verdict"] for each in pair}]
    return tuple(sorted(sound, key=lambda pair: min(started(each) for each in pair)))


def in_turns(found: Sequence[Pair]) -> bool:
    """Whether the runs of every pair are neighbours in time and the sides alternate."""
    if not found or any(abs(started(a) - started(b)) > NEAR_S for a, b in found):
        return False
    runs = sorted((started(run), side) for pair in found for side, run in enumerate(pair))
    changes = sum(before[1] != after[1] for before, after in pairwise(runs))
    # In the order A B B A … there are as many changes as pairs.
    return changes >= len(found)


def sound(side: SideRuns) -> list[Result]:
    """The runs that are not INCONCLUSIVE."""
    return [each for each in side.results if each["verdict"] != INCONCLUSIVE]


def order(a: SideRuns, b: SideRuns, found: Sequence[Pair]) -> Difference:
    """The order of the runs, which forbids figures that depend on the machine."""
    times = [[started(each) for each in side.results] for side in (a, b)]
    first, second = ("A", "B") if min(times[0]) < min(times[1]) else ("B", "A")
    why = "The runs of A and B were not played in turns"
    if max(times[first == "B"]) < min(times[first == "A"]):
        why = f"All of {first} was played before {second}"
    if not found:
        why = "A and B have different seeds"
    return Difference(
        key="order",
        title="Time of the runs",
        a=_times(times[0]),
        b=_times(times[1]),
        forbids="machine figures",
        why=f"{why}: the machine may have changed meanwhile; `diya versus` plays them in turns.",
    )


def _times(times: Sequence[float]) -> str:
    ends = [datetime.fromtimestamp(each, UTC) for each in (min(times), max(times))]
    texts = [f"{each:%Y-%m-%d %H:%M} UTC" for each in ends]
    return texts[0] if texts[0] == texts[1] else " to ".join(texts)
