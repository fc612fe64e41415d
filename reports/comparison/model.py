"""The comparison of two sides, A (the reference) and B (the candidate), as every renderer reads it.

Words are about B: `worse` means that B is worse than A.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from reports.verdict.result_types import SCHEMA_VERSION

MARGIN = 0.02
"""A change of at most this share does not matter in practice."""


class Word(StrEnum):
    """The statement about a fact, a figure or the whole comparison."""

    WORSE = "worse"
    SAME = "same"
    BETTER = "better"
    UNDECIDED = "undecided"
    """The runs do not tell; more pairs would."""
    NO_STATEMENT = "no statement"
    """These runs cannot tell, however many there are: one a side, or another machine or load."""


class Side(Struct, frozen=True, kw_only=True):
    """One side: runs of one set-up."""

    name: Literal["A", "B"]
    label: str
    """As the user calls it: a path or the options."""
    runs: tuple[str, ...]
    """The runs' ids, in the order of their starts."""
    seeds: tuple[int | None, ...]
    """Of each run."""
    verdicts: tuple[str, ...]
    """Of each run."""


class Difference(Struct, frozen=True, kw_only=True):
    """A part of the set-up that is not the same on both sides."""

    key: str
    """As in `result.json`, such as `environment.versions.redis`."""
    title: str
    a: str
    b: str
    """The value of each side, or its values, as a person reads them."""
    forbids: Literal["nothing", "machine figures", "all figures"] = "nothing"
    """The figures that cannot be compared because of it."""
    why: str = ""
    """What it forbids, or asks for, and why: one sentence; empty when it asks for nothing."""


class Fact(Struct, frozen=True, kw_only=True):
    """Something that happened or did not: a verdict, a kind of violation, a failed gate."""

    key: str
    title: str
    a: str
    b: str
    """For example `0 in 5 runs` and `3 turns in 2 of 5 runs`."""
    word: Word
    continuity: bool = False
    """Facts of continuity come first and decide before any figure."""
    why: str = ""
    """Why there is no statement, or why other processes leave it undecided: one sentence."""


class Change(Struct, frozen=True, kw_only=True):
    """A figure on both sides."""

    key: str
    title: str
    unit: str
    less_is_better: bool
    needs_one_machine: bool
    """It depends on the speed of the machine: not so bytes and round trips."""
    a: float | None
    b: float | None
    """The geometric mean over the runs; the value of the only run; None: not measured."""
    word: Word
    n: int = 0
    """Pairs, or the runs of the smaller side where the runs are not paired."""
    paired: bool = False
    ratio: float | None = None
    """b / a: the geometric mean over the pairs."""
    low: float | None = None
    high: float | None = None
    """The 95 % interval of the ratio."""
    margin: float = MARGIN
    """The practical margin, as a share."""
    detectable: float | None = None
    """The smallest change that these runs would have found with a probability of 80 %, a share."""
    spread: float | None = None
    """The run-to-run coefficient of variation, the drift between pairs taken out, a share."""
    why: str = ""
    """Why there is no statement, or why other processes leave it undecided: one sentence."""
    stricter: float = 1.0
    """The factor by which the error that this figure may have is smaller, because other processes
    used the machine during the runs."""


class Comparison(Struct, frozen=True, kw_only=True):
    """The whole comparison."""

    schema_version: int = SCHEMA_VERSION
    word: Word
    headline: str
    """One sentence: the word, and the strongest reason for it."""
    a: Side
    b: Side
    differences: tuple[Difference, ...]
    facts: tuple[Fact, ...]
    changes: tuple[Change, ...]
    """Primary figures first."""
    timelines: dict[str, dict[str, object]]
    """`A` and `B` → the timeline of the side's first run, as in `result.json`."""
