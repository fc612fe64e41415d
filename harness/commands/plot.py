"""Curves in a terminal: columns of block characters with a scale beside them and an axis below."""

from __future__ import annotations

from collections.abc import Sequence

_BLOCKS = " ▁▂▃▄▅▆▇█"


def columns(values: Sequence[float], width: int) -> list[float]:
    """The highest value in each of `width` columns."""
    share = len(values) / width
    return [
        max(values[int(column * share) : max(int((column + 1) * share), int(column * share) + 1)])
        for column in range(width)
    ]


def chart(values: Sequence[float], height: int, labels: tuple[str, str], margin: int) -> list[str]:
    """One column for each value, from zero up; `labels` are written at the bottom and the top.

    Lines are `margin` + 1 + len(values) characters wide at most.
    """
    top = max(values, default=0.0)
    eighths = [round(value / top * height * 8) if top > 0 else 0 for value in values]
    lines = []
    for row in reversed(range(height)):
        label = labels[1] if row == height - 1 else labels[0] if row == 0 else ""
        bar = "".join(_BLOCKS[min(max(each - row * 8, 0), 8)] for each in eighths)
        lines.append(f"{label:>{margin}}┤{bar}".rstrip())
    return lines


def axis(
    places: Sequence[int], rows: Sequence[Sequence[str]], width: int, margin: int
) -> list[str]:
    """The line below a chart, a tick at each of `places`, and rows of texts that begin there.

    A text ends before the next tick, or is left out if there is no room; the last text moves to
    the left instead.
    """
    ticks = ["─"] * width
    for place in places:
        if place < width:
            ticks[place] = "┬"
    lines = [f"{'':>{margin}}└{''.join(ticks)}"]
    for row in rows:
        text = [" "] * width
        for index, (place, word) in enumerate(zip(places, row, strict=True)):
            last = index == len(places) - 1
            begin = max(min(place, width - len(word)), 0) if last else place
            room = (width if last else places[index + 1] - 1) - begin
            shown = word if len(word) <= room else f"{word[: room - 1]}…" if room > 4 else ""
            text[begin : begin + len(shown)] = shown
        lines.append(f"{'':>{margin}} {''.join(text)}".rstrip())
    return lines
