"""`diya faults`: lists the faults, their parameters, and the fleets that take each."""

from __future__ import annotations

import argparse
import dataclasses
import json
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from chaos.fleet.environment import needs_proxies
from chaos.fleet.shapes import SETS
from harness.commands.fault_table import ENVIRONMENTS, Entry, Parameter, catalogue
from harness.errors import ConfigError
from harness.fleet_kinds import DEFAULT
from reports.basics.exit_codes import ExitCode
from reports.basics.suggestions import nearest

_WIDTH = 100
_FEW = 3
"""The list names up to this many places that take a fault; else those that refuse it."""


def main(args: argparse.Namespace) -> int:
    """Print the list of faults, or all details of one.

    Raises ConfigError for an unknown fault.
    """
    entries = catalogue()
    shown: Any
    if args.name is None:
        lines, shown = _list(entries), [_as_json(entry) for entry in entries]
    else:
        entry = _named(args.name, entries)
        lines, shown = _page(entry), _as_json(entry)
    print(json.dumps(shown, indent=1, ensure_ascii=False) if args.json else "\n".join(lines))
    return ExitCode.GO


def _named(name: str, entries: Iterable[Entry]) -> Entry:
    """The fault of that name, written with - or _."""
    known = {entry.name: entry for entry in entries}
    found = known.get(name.replace("_", "-"))
    if found is None:
        hint = nearest(name.replace("_", "-"), known)
        raise ConfigError(f"NAME must be a fault, got {name!r}{hint}; `diya faults` lists them")
    return found


def _as_json(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "function": entry.function,
        "summary": entry.summary,
        "description": list(entry.description),
        "parameters": [dataclasses.asdict(each) for each in entry.parameters],
        "needs": sorted(entry.needs),
        "where": {place: refusal is None for place, refusal in entry.refusals.items()},
        "refusals": {place: why for place, why in entry.refusals.items() if why is not None},
    }


def _list(entries: Sequence[Entry]) -> list[str]:
    width = max(len(entry.name) for entry in entries) + 2
    lines = []
    for entry in entries:
        where = _where(entry)
        lines += textwrap.wrap(
            f"{entry.summary} [{where}]" if where else entry.summary,
            _WIDTH,
            initial_indent=entry.name.ljust(width),
            subsequent_indent=" " * width,
        )
    return [
        *lines,
        "",
        "A fault without [brackets] can be done to every fleet of diya; a --target gets only its "
        "model's.",
        "`diya faults NAME` says what a fault takes and where it can be done.",
    ]


def _where(entry: Entry) -> str:
    """The environments that take it, or refuse it; empty when every fleet of diya takes it."""
    fleets = [place for place, (_, fleet) in ENVIRONMENTS.items() if fleet and fleet.replicas]
    can = [place for place in fleets if entry.refusals[place] is None]
    if can == fleets:
        return ""
    if len(can) <= _FEW:
        return f"only {', '.join(can)}"
    return f"not {', '.join(place for place in fleets if place not in can)}"


def _page(entry: Entry) -> list[str]:
    lines = [entry.name]
    for paragraph in entry.description:
        lines += textwrap.wrap(paragraph, _WIDTH, initial_indent="  ", subsequent_indent="  ")
    lines += ["", "Parameters", *_table([_row(each) for each in entry.parameters])]
    lines += ["", "Where it can be done, with these values"]
    lines += _table(
        [(option, _told(entry.refusals[place])) for place, (option, _) in ENVIRONMENTS.items()]
    )
    return [*lines, "", "How", *_how(entry)]


def _how(entry: Entry) -> list[str]:
    first = entry.parameters[0]
    lines = [
        "  in an experiment: provider: {type: python, module: chaos.actions, "
        f"func: {entry.function}, arguments: {{{first.name}: {first.shown}}}}}"
    ]
    up = _up(entry)
    if up is not None:
        example = f"{first.name}={first.shown}"
        lines.append(f"  by hand: diya chaos {entry.name} --param {example}   (beside `{up}`)")
    return lines


def _up(entry: Entry) -> str | None:
    """The command that starts a fleet for it under `diya chaos`; None: no such fleet takes it."""
    if "load" in entry.needs:
        return None
    if needs_proxies(entry.needs):
        return "diya up --proxy"
    if entry.refusals[DEFAULT] is None:
        return "diya up"
    sets = [place for place in SETS if entry.refusals[place] is None]
    return f"diya up --topology {sets[0]}" if sets else None


def _row(parameter: Parameter) -> tuple[str, ...]:
    return parameter.name, parameter.kind, parameter.shown, parameter.meaning


def _told(refusal: str | None) -> str:
    return "yes" if refusal is None else f"no: {refusal}"


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns as wide as they need; the last one is wrapped."""
    widths = [max(len(row[at]) for row in rows) + 2 for at in range(len(rows[0]) - 1)]
    lines = []
    for row in rows:
        head = "  " + "".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        lines += textwrap.wrap(
            row[-1], _WIDTH, initial_indent=head, subsequent_indent=" " * len(head)
        )
    return lines
