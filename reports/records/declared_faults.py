"""The windows of declared faults: from marks, and from a file of windows given after the run.

The harness verified none of them: each begins and ends where its author says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from reports.records import lines
from reports.records.fault_mark import MARKED, UNSYNCED_S, FaultMark
from reports.records.lines import DamagedLine
from reports.records.types import ROLLBACK, FaultWindow
from reports.records.writer import to_json

WINDOWS = "windows.jsonl"
"""The file of the windows that `diya report --windows` was given."""
NEVER_ENDED = "its end was never marked"
"""The error of a window whose mark was open when the load ended."""
_NO_TARGET = "the service"
_LONGEST_NAME = 60
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
NAME_IS = (
    f"1 to {_LONGEST_NAME} letters, digits, '.', '_' and '-' that begin with a letter or a digit "
    f"and not with {ROLLBACK!r}"
)
"""The names that `is_name` accepts, for an error."""


def is_name(text: str) -> bool:
    """Whether a declared fault may have this name: it is the fault's id in the reports."""
    fits = len(text) <= _LONGEST_NAME and _NAME.fullmatch(text) is not None
    return fits and not text.startswith(ROLLBACK)


def window(
    name: str, target: str, start: float, end: float, *, lost_unsynced: bool, by: str
) -> FaultWindow:
    """The window of a declared fault (run times).  `by` is `marked`, or the name of a file."""
    return FaultWindow(
        id=name,
        fault=MARKED,
        target=target or _NO_TARGET,
        start=start,
        end=end,
        recovered_at=end,
        took_hold=True,
        declared=by,
        may_lose_since=start - UNSYNCED_S if lost_unsynced else None,
    )


def of_marks(marks: Iterable[FaultMark], load_end: float) -> Iterator[FaultWindow]:
    """The windows of the marks, in the order of the file.

    A fault that was never ended ends with the load (`load_end`, run time) and is not recovered.
    """
    begun: dict[str, FaultMark] = {}
    for mark in marks:
        if mark.edge == "begin":
            begun.setdefault(mark.name, mark)
        elif mark.name in begun:
            yield _of(begun.pop(mark.name), mark.t)
    for mark in begun.values():
        cut = _of(mark, load_end)
        yield replace(cut, recovered_at=None, error=NEVER_ENDED)


def _of(begin: FaultMark, end: float) -> FaultWindow:
    return window(
        begin.name,
        begin.target,
        begin.t,
        max(begin.t, end),
        lost_unsynced=begin.lost_unsynced,
        by=MARKED,
    )


def named_apart(windows: Iterable[FaultWindow], taken: Collection[str]) -> list[FaultWindow]:
    """The windows with ids that are unique: a name that is taken gets a number."""
    known, found = set(taken), []
    for each in windows:
        number, name = 1, each.id
        while name in known:
            number += 1
            name = f"{each.id}-{number}"
        known.add(name)
        found.append(replace(each, id=name))
    return found


def store(run_dir: Path, windows: Sequence[FaultWindow]) -> None:
    """Keep these windows in the run directory, instead of those of an earlier file.

    Raises OSError.
    """
    path = run_dir / WINDOWS
    if not windows:
        path.unlink(missing_ok=True)
        return
    scratch = path.with_name(f"{WINDOWS}.new")
    scratch.write_bytes(b"".join(to_json(each) + b"\n" for each in windows))
    scratch.replace(path)


def stored(run_dir: Path, damaged: list[DamagedLine]) -> list[FaultWindow]:
    """The windows that the directory keeps.

    Lines that are not whole are added to `damaged`.  Raises HistoryError as `lines.read`.
    """
    return list(lines.read(run_dir / WINDOWS, FaultWindow, damaged))
