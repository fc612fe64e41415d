"""Builds the history of a folder from its results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from reports.history import change_points
from reports.history.key_figures import KEY_FIGURES, KeyFigure
from reports.history.model import Group, Hint, PlayedRun, RunHistory
from reports.history.read_run import row, set_up

Result = dict[str, Any]

NOT_INSTALLED = (
    "Changes were not sought: the library ruptures is not installed; it comes with diya[history]."
)


def build(folder: str, results: Iterable[tuple[str, Result]], skipped: Sequence[str]) -> RunHistory:
    """The history of `folder`; `results` are (path of the run's folder, result) in any order.

    A run that was found twice, as an artefact is when it was downloaded again, is listed once.
    """
    able = change_points.installed()
    grouped: dict[tuple[tuple[str, str], ...], list[PlayedRun]] = {}
    seen = set[tuple[str, str]]()
    for path, result in results:
        run = row(result, path)
        if (run.run_id, run.started) in seen:
            continue
        seen.add((run.run_id, run.started))
        grouped.setdefault(tuple(set_up(result).items()), []).append(run)
    groups = []
    for chosen, found in grouped.items():
        runs = tuple(sorted(found, key=lambda run: (run.started, run.name)))
        hints = tuple(_hints(runs)) if able else ()
        groups.append(Group(set_up=dict(chosen), runs=runs, hints=hints))
    return RunHistory(
        folder=folder,
        groups=tuple(sorted(groups, key=lambda group: group.runs[-1].started, reverse=True)),
        skipped=tuple(skipped),
        note="" if able else NOT_INSTALLED,
    )


def comparable(figure: KeyFigure, run: PlayedRun) -> tuple[str, ...]:
    """Values of the figure are comparable between runs for which this is the same."""
    return (run.load, run.machine) if figure.needs_one_machine else (run.load,)


def _hints(runs: Sequence[PlayedRun]) -> Iterable[Hint]:
    """The changes of every figure, in the order of the runs at which they begin."""
    found = [
        (runs.index(part[place]), hint)
        for key, figure in KEY_FIGURES.items()
        for part in _parts(key, figure, runs)
        for place, hint in _changes(key, figure, part)
    ]
    return [hint for _, hint in sorted(found, key=lambda each: each[0])]


def _parts(key: str, figure: KeyFigure, runs: Sequence[PlayedRun]) -> Iterable[list[PlayedRun]]:
    """The runs that measured the figure and prove something, by what makes them comparable."""
    parts: dict[tuple[str, ...], list[PlayedRun]] = {}
    for run in runs:
        if run.figures.get(key) is not None and run.verdict != "INCONCLUSIVE":
            parts.setdefault(comparable(figure, run), []).append(run)
    return parts.values()


def _changes(key: str, figure: KeyFigure, part: Sequence[PlayedRun]) -> Iterable[tuple[int, Hint]]:
    values = [run.figures[key] or 0.0 for run in part]
    places = change_points.find([max(value, figure.floor) for value in values])
    edges = [0, *places, len(part)]
    for index, place in enumerate(places, 1):
        before, after = values[edges[index - 1] : place], values[place : edges[index + 1]]
        yield (
            place,
            Hint(
                figure=key,
                title=figure.title,
                unit=figure.unit,
                run=part[place].name,
                before=median(before),
                after=median(after),
                runs_before=len(before),
                runs_after=len(after),
                changed=_changed(part[place - 1].versions, part[place].versions),
            ),
        )


def _changed(before: dict[str, str], after: dict[str, str]) -> tuple[str, ...]:
    names = dict.fromkeys([*before, *after])
    return tuple(
        f"{name} {before.get(name, 'none')} → {after.get(name, 'none')}"
        for name in names
        if before.get(name) != after.get(name)
    )
