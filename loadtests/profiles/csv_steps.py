"""The step from line to line of a log.

The night in which summer time begins or ends is the one exception to equal steps of local times:
an hour comes twice, and none is missing where the clock leaps over it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from loadtests.profiles.csv_table import Row
from loadtests.profiles.csv_times import CLOCK, COUNT, READERS, TimeReader, is_dated, is_excel_day
from loadtests.profiles.source import ProfileError

_DAY = 24 * 60.0
_HOUR = 60.0
_SAME_STEP = 0.02
"""Minutes by which equal steps may differ, because exporters round."""

_SHORTEST_COUNT = 0.5
"""Minutes: numbers that may be Excel's days and have shorter steps than this are days."""
_FIRST_UNIX_MINUTE = 1e9 / 60


@dataclass(frozen=True, slots=True)
class Steps:
    """The meaning of the times of a log."""

    minutes: float
    """From line to line."""
    order: list[int]
    """The lines' places from the oldest to the newest."""


def of(path: str, rows: list[Row]) -> Steps:
    """The step of lines of a time and a number, or of a number alone (then it is one minute).

    Dates may come in any order if they are in equal steps when sorted; clocks and numbers of
    minutes, the oldest first.  Uses the first reader that understands all times and finds equal
    steps.  Raises ProfileError unless they are all equal.
    """
    in_file = list(range(len(rows)))
    if len(rows[0][1]) == 1:
        return Steps(1.0, in_file)
    errors: list[tuple[int, ProfileError]] = []
    understood: list[tuple[TimeReader, list[float]]] = []
    for reader in READERS:
        times: list[float] = []
        for line, (cell, _) in rows:
            minutes = reader(cell)
            if minutes is None:
                wanted = "minutes, 18:30, a date and time, or Unix time"
                error = f"{path} line {line}: a time must be {wanted}, got {cell!r}"
                errors.append((len(times), ProfileError(error)))
                break
            times.append(minutes)
        else:
            try:
                return Steps(_equal(path, reader, times, rows), in_file)
            except ProfileError as error:
                errors.append((len(times), error))
                understood.append((reader, times))
    for reader, times in understood:
        order = sorted(in_file, key=times.__getitem__)
        if reader is CLOCK or times[order[0]] < _FIRST_UNIX_MINUTE or order == in_file:
            continue  # no dates, or nothing to sort
        try:
            sorted_times = [times[place] for place in order]
            step = _equal(path, reader, sorted_times, [rows[place] for place in order])
            return Steps(step, order)
        except ProfileError:
            continue  # the error of the file's own order says more
    # Report the error of the reader that read the most lines.
    raise max(errors, key=lambda each: each[0])[1]


def _equal(path: str, reader: TimeReader, times: list[float], rows: list[Row]) -> float:
    first = 0.0
    changed = False
    for (begin, end), (line, (later, _)) in zip(itertools.pairwise(times), rows[1:], strict=True):
        step = end - begin
        if reader is CLOCK:
            # A clock may pass midnight: take the shorter way round, or a step back would look long.
            step = _DAY / 2 - (_DAY / 2 - step) % _DAY
        if first and not changed and _is_change(begin, end, step, first, later):
            changed = True
            continue
        first = first or step
        if step <= 0 or abs(step - first) > _SAME_STEP:
            wanted = f"{first:g}" if first > 0 and first != step else "more than 0"
            raise ProfileError(
                f"{path} line {line}: {later} must come {wanted} minutes after the line before, "
                f"got {step:g}: lines come in equal steps, oldest first, quiet minutes as 0"
            )
    if reader is COUNT and first < _SHORTEST_COUNT and is_excel_day(times[0]):
        raise ProfileError(f"{path} line {rows[0][0]}: {rows[0][1][0]} is a day, not a minute")
    return first or 1.0


def _is_change(begin: float, end: float, step: float, first: float, cell: str) -> bool:
    """Whether the clock was put back or forward by an hour between two lines.

    Back: in a night of a weekend, in a month in which summer time ends somewhere.  No line is
    missing, so a clock without a date will do.  Forward: a missing hour looks the same, so only in
    the night in which Europe, North America, Australia or New Zealand changes.
    """
    is_back = abs(step - (first - _HOUR)) <= _SAME_STEP
    is_forward = abs(step - (first + _HOUR)) <= _SAME_STEP
    if not (is_back or is_forward) or not is_dated(cell):
        return False
    if is_back:
        return begin < _DAY * 2 or _may_end_summer(_local(end))
    return _begins_summer(_local(begin), _local(end))


def _local(minutes: float) -> datetime:
    return datetime.fromtimestamp(minutes * 60, UTC)


def _may_end_summer(moment: datetime) -> bool:
    return moment.month in (3, 4, 10, 11) and moment.weekday() >= 3 and moment.hour in (23, 0, 1, 2)


def _begins_summer(before: datetime, after: datetime) -> bool:
    """Whether summer time begins between two local times."""
    if after.weekday() != 6 or after.hour not in (2, 3, 4) or before.hour >= after.hour:
        return False
    is_last = (after + timedelta(days=7)).month != after.month
    nth = (after.day + 6) // 7
    return (
        (after.month == 3 and (is_last or nth == 2))
        or (after.month == 9 and is_last)
        or (after.month == 10 and nth == 1)
    )
