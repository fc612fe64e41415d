"""Marks the beginning and the end of somebody else's fault in a run that is under way."""

from __future__ import annotations

import fcntl
from pathlib import Path

from harness.errors import ConfigError
from harness.run.directory import live_run
from reports.records import FILES, FaultMark, LoadMark, RunClock, lines, run_file, to_json
from reports.records.declared_faults import NAME_IS, is_name
from reports.records.fault_mark import still_open
from reports.records.run_description import RunDescription

_LONGEST_TARGET = 200


class MarkConflict(ConfigError):
    """The run cannot take this mark now: it has ended, or another mark contradicts."""


def check(mark: FaultMark) -> None:
    """Raise ConfigError unless name and target can stand in a report."""
    if not is_name(mark.name):
        raise ConfigError(f"mark {mark.name!r}: must be a name of {NAME_IS}")
    if mark.edge == "end" and (mark.target or mark.lost_unsynced):
        raise ConfigError(
            f"mark end {mark.name}: target and lost_unsynced must be given with begin, not with end"
        )
    if len(mark.target) > _LONGEST_TARGET or not mark.target.isprintable():
        raise ConfigError(
            f"mark {mark.name}: target must be at most {_LONGEST_TARGET} printable characters"
        )


def add(run_dir: Path, mark: FaultMark) -> FaultMark:
    """Write the mark into the run's records, with the present moment as its time; that mark.

    Raises ConfigError for a name that cannot be used or a directory without a run, MarkConflict
    when the run has ended or a mark contradicts, OSError when the disk refuses it.
    """
    check(mark)
    description = run_file.read(run_dir, RunDescription)
    if not live_run.is_under_way(run_dir):
        raise MarkConflict(
            f"{run_dir}: the run has ended and takes no more marks; `diya report {run_dir} "
            "--windows FILE` judges it with the faults that FILE declares"
        )
    with (run_dir / FILES[FaultMark]).open("ab") as file:
        # Marks of two processes come one after the other.
        fcntl.flock(file, fcntl.LOCK_EX)
        marks = list(lines.read(run_dir / FILES[FaultMark], FaultMark, []))
        _check_order(run_dir, mark, marks)
        now = RunClock(description.origin).now()
        timed = FaultMark(now, mark.name, mark.edge, mark.target, mark.lost_unsynced)
        file.write(to_json(timed) + b"\n")
    return timed


def _check_order(run_dir: Path, mark: FaultMark, marks: list[FaultMark]) -> None:
    begun = still_open(marks)
    if mark.edge == "begin":
        if (before := begun.get(mark.name)) is not None:
            raise MarkConflict(
                f"mark begin {mark.name}: it has begun at {before.t:.1f} s of the run and must be "
                "ended before it begins again"
            )
        if any(each.mark == "end" for each in _milestones(run_dir)):
            raise MarkConflict(
                f"mark begin {mark.name}: the load of the run has ended, and a fault without load "
                "shows nothing"
            )
    elif mark.name not in begun:
        listed = ", ".join(begun) or "no fault is"
        raise MarkConflict(
            f"mark end {mark.name}: must be a fault that has begun and not ended ({listed})"
        )


def _milestones(run_dir: Path) -> list[LoadMark]:
    return list(lines.read(run_dir / FILES[LoadMark], LoadMark, []))
