"""Arithmetic on figures: the result's interval and label follow from those of its parts."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

from reports.figures.figure import Figure, Label, unknown

_WEAKER = {label: place for place, label in enumerate(Label)}
"""Later labels are trusted less; a result has the weakest label of its parts."""


def derive(
    function: Callable[..., float],
    *parts: Figure,
    unit: str,
    why: str = "",
    at_least: Label = Label.MEASURED,
) -> Figure:
    """`function` of the parts' values, which must be monotone in each of them.

    The interval spans the function's values at all ends of the parts' intervals: wider than a 95 %
    interval when the parts are independent, never narrower.  A part that is only known to be at
    least (or at most) its value leaves the result open at the end to which it would move.  The
    label is the weakest of the parts' and of `at_least`; if a part is unknown, so is the result,
    for the same reason.
    """
    for part in parts:
        if part.value is None:
            return unknown(unit, part.why)
    values = [part.value or 0.0 for part in parts]
    ends = [_ends(part) for part in parts]
    corners = [function(*corner) for corner in itertools.product(*ends)]
    known = any(len(each) == 2 for each in ends)
    open_below, open_above = _open(function, values, parts)
    return Figure(
        value=function(*values),
        unit=unit,
        label=weakest(at_least, *(part.label for part in parts)),
        low=min(corners) if known and not open_below else None,
        high=max(corners) if known and not open_above else None,
        why=why,
    )


def _open(
    function: Callable[..., float], values: list[float], parts: Sequence[Figure]
) -> tuple[bool, bool]:
    """Whether the result has no lower end, and no upper one, for want of a part's."""
    below = above = False
    for place, part in enumerate(parts):
        if (part.low is None) == (part.high is None):
            continue
        further = [*values]
        further[place] *= 2 if part.high is None else 0.5
        moved = function(*further) - function(*values)
        below, above = below or moved < 0, above or moved > 0
    return below, above


def weakest(*labels: Label) -> Label:
    """The label that is trusted least."""
    return max(labels, key=_WEAKER.__getitem__)


def assumed(value: float, unit: str, why: str = "") -> Figure:
    """A value that the user gave or that was published."""
    return Figure(value=value, unit=unit, label=Label.ASSUMED, why=why)


def conservative(figure: Figure) -> float | None:
    """The lower end of the interval, or the value if there is none; None: unknown."""
    return figure.value if figure.low is None else figure.low


def up(value: float) -> int:
    """Rounded up to a whole number; rounding errors of a float do not add one."""
    return math.ceil(value - 1e-9)


def percent(share: float) -> str:
    """A share in words: 0.7 is `70 %`."""
    return f"{share * 100:.3g} %"


def _ends(part: Figure) -> tuple[float, ...]:
    low, high = part.low, part.high
    if part.value is None or (low is None and high is None):
        return (part.value or 0.0,)
    return (part.value if low is None else low, part.value if high is None else high)
