"""The sentences and numbers of a history that the terminal and the page share."""

from __future__ import annotations

from collections.abc import Sequence

from reports.history.build import comparable
from reports.history.key_figures import KEY_FIGURES
from reports.history.model import Group, Hint, PlayedRun, RunHistory
from reports.render import formatting
from reports.render.comparison.view import value as amount

HINTS = "Hints on changes, no verdict: diya compare and diya versus decide"


def value(key: str, run: PlayedRun) -> str:
    """The figure of a run for a person; a dash where it was not measured."""
    return amount(run.figures.get(key), KEY_FIGURES[key].unit)


def title(history: RunHistory) -> str:
    """The number of runs and set-ups, and the days."""
    runs = [run for group in history.groups for run in group.runs]
    days = sorted({formatting.clean(run.started[:10]) for run in runs})
    between = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    counted = formatting.plural(len(runs), "run")
    return f"{counted} of {formatting.plural(len(history.groups), 'set-up')}, {between}"


def set_up(group: Group) -> str:
    """The set-up of a group on one line."""
    return " · ".join(
        f"{formatting.clean(name)} {formatting.clean(chosen)}"
        for name, chosen in group.set_up.items()
    )


def machines(group: Group) -> dict[str, str]:
    """Machine → its short name on the page, `m1` for that of the first run."""
    found = dict.fromkeys(run.machine for run in group.runs)
    return {machine: f"m{number}" for number, machine in enumerate(found, 1)}


def machine_lines(group: Group) -> list[str]:
    """The meanings of the short names of machines; empty where there is one machine."""
    named = machines(group)
    if len(named) < 2:
        return []
    told = (f"{short}: {formatting.clean(machine)}" for machine, short in named.items())
    return [", ".join(told)]


def breaks(key: str, runs: Sequence[PlayedRun]) -> set[int]:
    """The indices of runs whose figure cannot be compared with that of the run before."""
    parts = [comparable(KEY_FIGURES[key], run) for run in runs]
    return {index for index in range(1, len(parts)) if parts[index] != parts[index - 1]}


def why_breaks(group: Group, mark: str) -> list[str]:
    """The meaning of the mark in the curves; empty where there is none."""
    if not any(breaks(key, group.runs) for key in KEY_FIGURES):
        return []
    causes = []
    if len({run.machine for run in group.runs}) > 1:
        causes.append("the machine")
    if len({run.load for run in group.runs}) > 1:
        causes.append("the load (profile or --scale)")
    return [f"{mark}: {' or '.join(causes)} changed: values on its two sides are not compared."]


def hint(found: Hint) -> str:
    """One sentence about a change."""
    verb = "rose" if found.after > found.before else "fell"
    before = amount(found.before, found.unit)
    after = amount(found.after, found.unit)
    share = f" by {formatting.share(abs(found.ratio - 1))}" if found.before else ""
    changed = ""
    if found.changed:
        changed = f"; new there: {', '.join(formatting.clean(each) for each in found.changed)}"
    return (
        f"{found.title} {verb}{share} at {formatting.clean(found.run)}: median {before} of "
        f"{formatting.plural(found.runs_before, 'run')} before, {after} of "
        f"{formatting.plural(found.runs_after, 'run')} from there{changed}"
    )
