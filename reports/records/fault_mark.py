"""The mark of a fault that another tool or a person does, and that the harness cannot verify."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from reports.records.numbers import Seconds

MARKED = "marked"
"""The class of a declared fault, and the `declared` of one that marks declared."""
UNSYNCED_S = 2.0
"""Seconds before a declared fault from which acknowledged writes may be missing, if it loses what
was not synced: an fsync once a second, delayed to two seconds while an earlier one is running."""


class FaultMark(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The beginning or the end of a fault that its author declares while the run lasts."""

    t: Seconds
    """When it was marked."""
    name: str
    """The name of the fault; a name may be used again after its end."""
    edge: Literal["begin", "end"]
    """`begin` or `end`."""
    target: str = ""
    """The target of the fault, said at its beginning; empty: not said."""
    lost_unsynced: bool = False
    """Whether writes that were not synced to a disk may be lost, said at its beginning."""


def still_open(marks: Iterable[FaultMark]) -> dict[str, FaultMark]:
    """Name → the mark of its beginning, of each fault that has begun and not ended."""
    found: dict[str, FaultMark] = {}
    for mark in marks:
        if mark.edge == "begin":
            found.setdefault(mark.name, mark)
        else:
            found.pop(mark.name, None)
    return found
