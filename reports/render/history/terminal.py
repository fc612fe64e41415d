"""The history for a terminal: per set-up the latest runs, one sparkline a figure, the hints."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from reports.history.key_figures import KEY_FIGURES
from reports.history.model import Group, PlayedRun, RunHistory
from reports.render import formatting
from reports.render.history import sparkline, view

WIDTH = 100
_ROWS = 12
"""The latest runs of a set-up that have a row; all of them are on the page."""
_POINTS = 60
_GAP = "  "
_STYLES = {"GO": "32", "NO-GO": "31", "INCONCLUSIVE": "33", "bold": "1", "dim": "2"}


def render(history: RunHistory, color: bool, report: str = "") -> str:
    """The history as text that ends with a newline; `report` is the path of the page.

    No line but that path and the names of runs is wider than 100 columns.
    """

    def style(text: str, kind: str) -> str:
        return f"\x1b[{_STYLES[kind]}m{text}\x1b[0m" if color and kind in _STYLES else text

    lines = [style(f"{formatting.clean(history.folder)}: {view.title(history)}", "bold")]
    for group in history.groups:
        lines += ["", *(style(line, "bold") for line in _wrap(view.set_up(group), ""))]
        rows = _table(group)
        for row, run in zip(rows, [None, *group.runs[-_ROWS:]], strict=True):
            lines.append(
                style(row, "dim")
                if run is None
                else _verdict(row, run, style(formatting.clean(run.verdict), run.verdict))
            )
        if len(group.runs) > _ROWS:
            earlier = formatting.plural(len(group.runs) - _ROWS, "earlier run")
            lines.append(style(f"  and {earlier} on the page", "dim"))
        lines += _curves(group)
        for told in (*view.why_breaks(group, sparkline.BREAK), *view.machine_lines(group)):
            lines += [style(line, "dim") for line in _wrap(told, "  ")]
        if group.hints:
            lines.append(f"  {view.HINTS}:")
        lines += [line for found in group.hints for line in _wrap(view.hint(found), "  - ")]
    lines += ["", *(line for told in history.skipped for line in _wrap(told, ""))]
    lines += _wrap(history.note, "")
    if report:
        lines.append(f"Report  {formatting.clean(report)}")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _wrap(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        formatting.clean(text), WIDTH, initial_indent=indent, subsequent_indent=" " * len(indent)
    )


def _table(group: Group) -> list[str]:
    """The heading, and a row for each of the latest runs."""
    named = view.machines(group)
    several = len(named) > 1
    rows = [["started (UTC)", "verdict", *(each.title for each in KEY_FIGURES.values()), "run"]]
    for run in group.runs[-_ROWS:]:
        row = [formatting.clean(run.started[:16].replace("T", " ")), formatting.clean(run.verdict)]
        rows.append([*row, *(view.value(key, run) for key in KEY_FIGURES), _name(run)])
    if several:
        for row, machine in zip(
            rows, ["", *(named[run.machine] for run in group.runs[-_ROWS:])], strict=True
        ):
            row.insert(2, machine)
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return ["  " + _GAP.join(_cells(row, widths)) for row in rows]


def _cells(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """The columns of figures are aligned to the right."""
    first = len(row) - len(KEY_FIGURES) - 1
    return [
        cell.rjust(width) if first <= at < len(row) - 1 else cell.ljust(width)
        for at, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]


def _name(run: PlayedRun) -> str:
    return formatting.clean(run.path if run.path != "." else run.name)


def _verdict(row: str, run: PlayedRun, styled: str) -> str:
    return row.replace(formatting.clean(run.verdict), styled, 1)


def _curves(group: Group) -> list[str]:
    """A sparkline for each figure that two runs measured, with its first and its last value."""
    if len(group.runs) < 2:
        return []
    runs = group.runs[-_POINTS:]
    lines = []
    longest = max(len(figure.title) for figure in KEY_FIGURES.values())
    for key, figure in KEY_FIGURES.items():
        measured = [run for run in runs if run.figures.get(key) is not None]
        if len(measured) < 2:
            continue
        curve = sparkline.draw([run.figures.get(key) for run in runs], view.breaks(key, runs))
        ends = f"{view.value(key, measured[0])} … {view.value(key, measured[-1])}"
        lines.append(f"  {figure.title.ljust(longest)}{_GAP}{curve}{_GAP}{ends}")
    return lines
