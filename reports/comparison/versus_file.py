"""`versus.json`: the plan of two sides that were played in turns, and the pairs that were.

It is in the folder of the comparison; the runs of the sides are in its folders `A` and `B`, and the
runs of pairs that do not count in `left-out`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from msgspec import Struct

from reports.comparison import sides
from reports.comparison.sides import SideRuns
from reports.records import struct_file

FILE = "versus.json"
LEFT_OUT = "left-out"
"""The folder of the runs that do not count."""


class Pair(Struct, frozen=True, kw_only=True):
    """One run a side, with the same load and seed, one right after the other."""

    number: int
    """From 1."""
    order: Literal["AB", "BA"]
    attempt: int = 1
    """2: it was played again, because the first attempt did not count."""
    a: str | None = None
    b: str | None = None
    """The directory of each run, from the folder of the comparison on; None: it has none."""
    left_out: str = ""
    """Why it does not count, one sentence; empty when it does."""
    seconds: float = 0.0
    """For both runs."""


class Look(Struct, frozen=True, kw_only=True):
    """A look at the pairs so far, which may end the runs."""

    pairs: int
    words: dict[str, str]
    """The word for each primary figure, at the level of this look."""
    needed: int | None = None
    """The pairs that the precision needs, by the spread so far; None: not known, or too many."""
    uneven: bool = False
    """Others disturbed the runs of one side more, so that only further pairs can decide."""


class Versus(Struct, frozen=True, kw_only=True):
    """The whole of it."""

    schema_version: int = 1
    a: str
    b: str
    """The options of each side alone, without passwords."""
    common: str
    """The options of both sides."""
    seed: int
    """Of all runs."""
    factor: float
    """The factor on the profile's rates, of all runs."""
    sized: str
    """How the factor was found, one sentence."""
    wanted: int | None
    """Exactly this many pairs; None: as many as the precision needs."""
    precision: float
    """The change that is to be found, a share."""
    minutes: float
    """The limit of time."""
    pairs: tuple[Pair, ...] = ()
    looks: tuple[Look, ...] = ()
    ended: str = ""
    """Why no further pair was played, one sentence; empty: they are under way, or were killed."""


def sides_of(folder: Path) -> tuple[SideRuns, SideRuns]:
    """The runs of both sides, without those of pairs that do not count.

    Raises HistoryError when the file or a side cannot be read.
    """
    versus = read(folder)
    a, b = (
        sides.read([folder / name], label or "no option of its own")
        for name, label in (("A", versus.a), ("B", versus.b))
    )
    return a, b


def is_one(folder: Path) -> bool:
    """Whether this is the folder of two sides that were played in turns."""
    return (folder / FILE).is_file()


def write(folder: Path, versus: Versus) -> None:
    """Write it atomically: a reader sees the old or the new file."""
    struct_file.write(folder / FILE, versus)


def read(folder: Path) -> Versus:
    """Read it.  Raises HistoryError, one sentence, when it cannot be read or is not such a file."""
    return struct_file.read(folder / FILE, Versus, "the file of a comparison in turns")
