"""Finds the columns of a log that hold the times and the requests per minute.

Exports have more columns than these two: the end of each interval, the tags of the series, a line's
number, the length of an interval.  A column is left out when it holds no requests for certain; two
columns of numbers are two series, and refused.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from loadtests.profiles import csv_rates
from loadtests.profiles.csv_cells import is_number, is_time_name
from loadtests.profiles.csv_table import Row, Table
from loadtests.profiles.csv_times import CLOCK, is_dated, is_moment, without_end

_END = re.compile(r"(?i)_?(?:end|stop|to|until)(?:[ _-]?(?:time|date).*|[ _-]?(?:ts|at))?")
_LENGTH = re.compile(
    r"(?i)_?(?:span|spandays|period|interval|duration|step|resolution|granularity|table|window)"
    r"(?:[ _]?(?:s|sec|secs|seconds|ms|min|minutes?))?"
)
_INDEX = re.compile(r"(?i)|#|index|idx|row|no\.?|nr\.?|line|unnamed.*")
_SUM = re.compile(r"(?i)sum")
_NOT_MINUTES = re.compile(r"(?i)(?:hours?|h|days?|seconds?|secs?|s)")
"""Names of times which, as bare numbers, are no minutes."""
_OWN_UNIT = re.compile(r"(?i)[/a-jln-z]")
"""A cell with a unit of its own; K and M may be suffixes of a number."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The two columns of a log."""

    minutes: list[Row]
    """Lines of a time and a number, or of one number."""
    factor: float
    """By how much each number is multiplied, as its heading says."""
    covers_step: bool
    """Whether a number counts the requests of its whole interval, not of a minute."""


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    cells: list[str]

    @property
    def is_constant(self) -> bool:
        return len(set(self.cells)) == 1

    @property
    def has_numbers(self) -> bool:
        return any(map(is_number, self.cells))

    @property
    def is_time(self) -> bool:
        return bool(self.cells) and all(map(is_moment, self.cells))

    @property
    def shown(self) -> str:
        return repr(self.name or self.cells[0])


def choose(table: Table) -> Columns:
    """The columns of times and of requests.  Raises ProfileError."""
    names = _names(table)
    width = len(table.minutes[0][1]) if table.minutes else 0
    if width <= 1:
        return Columns(table.minutes, _factor(names, table.minutes), covers_step=False)
    columns = [
        _Column(name, [row[place] for _, row in table.minutes])
        for place, name in enumerate(names or [""] * width)
    ]
    times, values = _both(table, columns) if width > 2 else _two(columns)
    first = table.minutes[0]
    if _NOT_MINUTES.fullmatch(times.name) and re.fullmatch(r"\d{1,5}", times.cells[0]):
        raise table.error(
            first[0],
            f"a time must be minutes, 18:30, a date and time, or Unix time, got {times.cells[0]!r} "
            f"in a column {times.name!r}",
        )
    cells = zip(without_end(times.cells), values.cells, strict=True)
    numbers = [line for line, _ in table.minutes]
    minutes = [(line, [time, value]) for line, (time, value) in zip(numbers, cells, strict=True)]
    has_ends = any(_END.fullmatch(each.name) for each in columns) and values.name.lower() == "count"
    return Columns(
        minutes, _factor([values.name], minutes), covers_step=has_ends or _is_sum_of_period(table)
    )


def _names(table: Table) -> list[str]:
    """The names of the columns, of the last heading with as many cells; none if there is none."""
    width = len(table.minutes[0][1]) if table.minutes else 0
    return next((row for _, row in reversed(table.headings) if len(row) == width), [])


def _two(columns: list[_Column]) -> tuple[_Column, _Column]:
    """A time and a number, or a number and a time that is none."""
    first, second = columns
    if all(map(is_dated, second.cells)) and all(map(is_number, first.cells)):
        return second, first
    return first, second


def _both(table: Table, columns: list[_Column]) -> tuple[_Column, _Column]:
    """The two columns of three or more."""
    line = table.minutes[0][0]
    wanted = f"must have 1 or 2 columns (a time and one series), got {len(columns)}"
    named = any(each.name for each in columns)
    if table.headings and not named:
        raise table.error(line, wanted)
    columns = _joined([each for each in columns if any(each.cells)])
    if named:
        rest = [each for each in columns if not _LENGTH.fullmatch(each.name)]
        columns = rest if len(rest) >= 2 else columns
    times = _times(columns)
    kept = [each for each in columns if each is not times and not _is_time_column(each, times)]
    labels = [each for each in kept if not each.has_numbers]
    series = [each for each in kept if each.has_numbers and not _is_index(each)]
    if named:
        series = [
            each
            for place, each in enumerate(series)
            if all(each.cells != earlier.cells for earlier in series[:place])
        ]
    for label in labels:
        if not label.is_constant:
            first, other = list(dict.fromkeys(label.cells))[:2]
            raise table.error(line, f"{wanted}: {first!r} and {other!r} are two series")
    if len(series) > 1:
        both = " and ".join(each.shown for each in series[:2])
        raise table.error(line, f"{wanted}: {both} are two series")
    if not series:
        raise table.error(line, f"{wanted}, none with numbers")
    return times, series[0]


def _joined(columns: list[_Column]) -> list[_Column]:
    """The columns with a date and the clock beside it as one."""
    for place, (date, clock) in enumerate(itertools.pairwise(columns)):
        if all(CLOCK(cell) is not None for cell in clock.cells) and all(
            is_dated(cell) and CLOCK(cell) is None and ":" not in cell for cell in date.cells
        ):
            cells = [f"{day} {hour}" for day, hour in zip(date.cells, clock.cells, strict=True)]
            return [*columns[:place], _Column("time", cells), *columns[place + 2 :]]
    return columns


def _times(columns: list[_Column]) -> _Column:
    """The column of times: by its name and cells, else the first one."""
    begins = [each for each in columns if not _END.fullmatch(each.name)]
    for fits in (
        lambda each: is_time_name(each.name) and each.is_time,
        lambda each: is_time_name(each.name) and not _is_index(each),
        lambda each: each.is_time,
    ):
        found = [each for each in begins if fits(each)]
        if found:
            return found[0]
    return columns[0]


def _is_time_column(column: _Column, times: _Column) -> bool:
    """Whether a column beside the times is one more of them, such as the ends of the intervals."""
    return column.is_time and (times.is_time or bool(_END.fullmatch(column.name)))


def _is_index(column: _Column) -> bool:
    """Whether a column numbers the lines."""
    if not _INDEX.fullmatch(column.name):
        return False
    count = len(column.cells)
    return column.cells in ([str(n) for n in range(begin, begin + count)] for begin in (0, 1))


def _factor(names: list[str], minutes: list[Row]) -> float:
    """The factor from the numbers to those per minute, by the heading, where no cell has a unit."""
    if not names or any(_OWN_UNIT.search(row[-1]) for _, row in minutes):
        return 1.0
    return csv_rates.of_heading(names[-1])


def _is_sum_of_period(table: Table) -> bool:
    """Whether CloudWatch's headings say that each number is the sum of its period."""
    said = {row[0].lower(): row[1] for _, row in table.headings if len(row) == 2}
    return "period" in said and _SUM.fullmatch(said.get("statistic", "")) is not None
