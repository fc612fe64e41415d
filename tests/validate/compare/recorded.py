"""The file of recorded runs: of each its result without what no comparison reads.

It holds no path, no host name and no command line.  The machine is a hash.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from tests.validate.compare.differences import Difference, difference, restored

FILE = Path(__file__).with_name("recorded.json")
_DIGITS = 6
_PASSED = "pass"


class Run(Struct, frozen=True, kw_only=True):
    """One run."""

    series: str
    pair: int
    """From 1."""
    side: Literal["A", "B"]
    others: float | None
    """The share of all processors that other processes used during the load."""
    result: dict[str, Any]
    course: dict[str, list[float]] = {}
    """What each part used in each second of the load (`course`, `watch`).  Empty in the first 80
    runs."""
    spent: dict[str, float] = {}
    """What all processes of the run used."""


class Pair(Struct, frozen=True, kw_only=True):
    """Two runs, one a side, played next to each other."""

    number: int
    first: Run
    second: Run

    @property
    def machine(self) -> str | None:
        """On which both were played; None where that is not known."""
        machine: str | None = self.first.result["environment"].get("machine")
        return machine

    @property
    def day(self) -> str:
        """On which the first was played, as `2026-11-27`."""
        return str(self.first.result["started"])[:10]

    @property
    def others(self) -> float:
        """The share of all processors that others used in the run in which it was greater."""
        return max(self.first.others or 0.0, self.second.others or 0.0)

    @property
    def speed_is_known(self) -> bool:
        """Whether the speed of the machine was measured in both runs."""
        costs = [run.result["costs"] for run in (self.first, self.second)]
        return all(each.get("reference_work_s") for each in costs)

    @property
    def course_is_known(self) -> bool:
        """Whether both runs hold what each part used in each second."""
        return bool(self.first.course and self.second.course)


class _Stored(Struct, frozen=True, kw_only=True, omit_defaults=True):
    series: str
    pair: int
    side: Literal["A", "B"]
    others: float | None
    result: Difference
    course: dict[str, list[float]] = {}
    spent: dict[str, float] = {}


class _File(Struct, frozen=True, kw_only=True):
    base: dict[str, Any]
    runs: list[_Stored]


def read(path: Path = FILE) -> list[Run]:
    """The runs in the order in which they were played; none where there is no file."""
    if not path.exists():
        return []
    file = msgspec.json.decode(path.read_bytes(), type=_File)
    return [
        Run(
            series=each.series,
            pair=each.pair,
            side=each.side,
            others=each.others,
            result=restored(file.base, each.result),
            course=each.course,
            spent=each.spent,
        )
        for each in file.runs
    ]


def write(runs: Sequence[Run], path: Path = FILE) -> None:
    """Replace the file at once, so that an interruption loses nothing."""
    if not runs:
        return
    base = runs[0].result
    stored = [
        _Stored(
            series=each.series,
            pair=each.pair,
            side=each.side,
            others=each.others,
            result=difference(base, each.result),
            course=each.course,
            spent=each.spent,
        )
        for each in runs
    ]
    # A line for each run: a later recording changes no line of an earlier one.
    head = msgspec.json.encode(base).decode()
    lines = ",\n".join(msgspec.json.encode(each).decode() for each in stored)
    new = path.with_suffix(".new")
    new.write_text(f'{{"base":{head},\n"runs":[\n{lines}\n]}}\n')
    new.replace(path)


def pairs(runs: Iterable[Run], series: str) -> list[Pair]:
    """The complete pairs of a series, in the order in which they were played."""
    found: defaultdict[int, list[Run]] = defaultdict(list)
    for run in runs:
        if run.series == series:
            found[run.pair].append(run)
    return [
        Pair(number=number, first=both[0], second=both[1])
        for number, both in found.items()
        if {run.side for run in both} == {"A", "B"} and len(both) == 2
    ]


def kept(result: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a result: all but texts, evidence, paths and the course of time."""
    environment = result["environment"]
    system, _, rest = environment["platform"].partition(" ")
    value = {
        **result,
        "run_id": "",
        "reasons": [],
        "diagnosis": [],
        "gates": [_gate(gate) for gate in result["gates"]],
        "environment": {**environment, "platform": f"{system} {rest.rpartition(' ')[2]}".strip()},
        "reproduce": None,
        "timeline": {},
    }
    return {key: _rounded(each) for key, each in value.items()}


def _gate(gate: dict[str, Any]) -> dict[str, Any]:
    """Of a gate that passed only that it did, so that most runs have equal gates."""
    short = {**gate, "evidence": []}
    short.pop("sample", None)
    if gate["status"] == _PASSED:
        short |= {"value": None, "limit": None, "summary": ""}
    return short


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list) else value
