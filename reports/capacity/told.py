"""Whether a run told a fitted cost apart from the other costs of a turn."""

from __future__ import annotations

from reports.figures.figure import Figure, unknown

NOT_TOLD = "the turns of this run do not tell it apart; a longer run would"


def told(figure: Figure, whole: Figure | None = None) -> Figure:
    """A fitted cost, or that the run did not tell it apart.

    It did if the cost is surely above 0.  A part of a `whole`, which may well be 0, was told if its
    interval is narrower than the whole.
    """
    value, low, high = figure.value, figure.low, figure.high
    if value is None or low is None or high is None or low > 0:
        return figure
    if whole is not None and whole.value is not None and high - low < whole.value:
        return figure
    return unknown(figure.unit, NOT_TOLD)
