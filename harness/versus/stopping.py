"""When enough pairs have been played: a group-sequential rule.

Looking after each pair and stopping at the first significant one is wrong: with no difference at
all, five looks at the 5 % level raise an alarm in 14 % of comparisons (Armitage, McPherson and Rowe
1969).  This rule looks at planned numbers of pairs only (`LOOKS`).  A look ends the runs when every
primary figure is either

- decided by its 99.9 % interval (`INTERIM`), or
- as precise as was asked for: by the spread of its pairs, and not by the difference, as many pairs
  find a change of the size of the precision in 4 of 5 cases.

Beside the work of other processes a figure of the machine needs the same stronger evidence for this
as in the comparison at the end (`reports.comparison.disturbance`), both in the interval and in the
precision; while one side is disturbed more, neither counts as reached.

The first is the rule of Haybittle (1971) and Peto et al. (1976; see Jennison and Turnbull, Group
Sequential Methods, 2000): early looks spend next to nothing of the error, so that the comparison at
the end needs no correction.  It was chosen over the spending functions of Lan and DeMets (1983)
because those need the number of pairs in advance, and here it follows from the spread.  The second
is an internal pilot (Wittes and Brittain 1990).  A spread of few pairs may be small by chance, so
that the precision never counts as reached with fewer than `FEWEST_PRECISE` pairs.

`tests/harness/versus/test_stopping.py` plays pairs without a difference, by a seed, and counts the
alarms of this rule, of a fixed number of pairs, and of a rule that stops at the first alarm.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reports.comparison import statistics
from reports.comparison.model import MARGIN, Word
from reports.comparison.statistics import FAMILY_LEVEL, Estimate
from reports.comparison.versus_file import Look

LOOKS = (
    *(3, 5, 6, 7, 8, 10, 12, 14, 17, 20, 24, 28, 34, 40),
    *(48, 56, 67, 80, 95, 112, 134, 160, 200),
)
"""Numbers of pairs at which the rule looks."""
INTERIM = 0.001
"""The error of an interval that may end the runs early, both ends together."""
FEWEST_PRECISE = 5
"""Pairs with which the precision may count as reached."""


@dataclass(frozen=True, slots=True)
class Primary:
    """A primary figure of the pairs so far."""

    estimate: Estimate
    margin: float = MARGIN
    less_is_better: bool = True
    level: float = FAMILY_LEVEL
    """Its part of the error of the family."""
    stricter: float = 1.0
    """The factor by which its evidence must be stronger, because others used the machine; `level`
    is smaller by it already."""
    uneven: bool = False
    """Others disturbed the runs of one side more, so that it cannot be decided yet."""


Primaries = Mapping[str, Primary]
"""By the key of the figure."""


def look(figures: Primaries, precision: float) -> tuple[Look, str] | None:
    """A look at the pairs so far, and why they are enough (empty: they are not).

    `precision` is the change that is to be found, a share above the margin.  None where no look is
    planned, and without a figure.
    """
    pairs = min((each.estimate.n for each in figures.values()), default=0)
    if pairs not in LOOKS:
        return None
    words = {key: word(each) for key, each in figures.items()}
    undecided = [figures[key] for key, each in words.items() if each is Word.UNDECIDED]
    # Further pairs may even out what others do; their number is not known.
    uneven = any(each.uneven for each in undecided)
    wanted = None if uneven else needed(undecided, precision)
    found = Look(
        pairs=pairs, words={k: v.value for k, v in words.items()}, needed=wanted, uneven=uneven
    )
    if not undecided:
        return found, f"every primary figure is decided by {pairs} pairs, on strong evidence"
    if wanted is None or wanted > pairs:
        return found, ""
    return found, (
        f"the precision is reached: by their spread, {pairs} pairs find a change of "
        f"{100 * precision:.3g} % in 4 of 5 cases"
    )


def word(figure: Primary) -> Word:
    """The statement about B on the evidence that an early look asks for."""
    if figure.uneven:
        return Word.UNDECIDED
    low, high = figure.estimate.interval(1 - INTERIM / figure.stricter)
    bottom, top = statistics.bounds(figure.margin)
    if bottom <= low and high <= top:
        return Word.SAME
    if low > top or high < bottom:
        return Word.WORSE if (low > top) == figure.less_is_better else Word.BETTER
    return Word.UNDECIDED


def needed(figures: Sequence[Primary], precision: float) -> int | None:
    """The pairs that the precision needs, by the spread of these figures so far.

    The smallest number is `FEWEST_PRECISE`; None when it is above the last look.
    """
    numbers = range(FEWEST_PRECISE, LOOKS[-1] + 1)

    def reached(pairs: int) -> bool:
        return all(detectable(each, pairs) <= precision for each in figures)

    place = bisect_left(numbers, True, key=reached)
    return numbers[place] if place < len(numbers) else None


def detectable(figure: Primary, pairs: int) -> float:
    """The rise, a share, that this many pairs with this spread would find in 4 of 5 cases."""
    found = figure.estimate
    more = replace(
        found,
        n=pairs,
        error=found.error * math.sqrt(found.n / pairs),
        # Each pair adds as much to the degrees of freedom as each one before it.
        freedom=found.freedom * (pairs - 1) / (found.n - 1),
    )
    return statistics.detectable(more, figure.margin, figure.level)
