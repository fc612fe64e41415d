"""Reads requests per minute from a user's log, as a phase of a profile.

Each line has one number, the requests in that minute, or two columns, a time and the requests per
minute at that time (`csv_cells` lists the forms of both).  Lines must be in equal steps, the oldest
first, so that a missing minute is not mistaken for a quiet one.  Comma, semicolon, tab or bar
separate; headings, lines that begin with # and Excel's `sep=` are allowed.  Blank lines are
allowed too, but without times only before the first and after the last minute.
"""

from __future__ import annotations

import csv
import itertools
import re
from dataclasses import dataclass
from pathlib import Path

from loadtests.profiles.csv_cells import (
    CLOCK,
    COUNT,
    READERS,
    AmbiguousNumbers,
    TimeReader,
    is_excel_day,
    is_heading,
    requests_per_minute,
)
from loadtests.profiles.source import ProfileError
from loadtests.profiles.texts import read_text

MOST_LINES = 20_000
"""Two weeks of minutes."""

_SEPARATORS = "\t;|,"
"""The comma is last, because it may be part of a number."""
_SEP_LINE = re.compile(r'"?sep=(.)"?,*', re.IGNORECASE)
_DAY = 24 * 60.0
_SAME_STEP = 0.02
"""Minutes by which equal steps may differ, because exporters round."""

_SHORTEST_COUNT = 0.5
"""Minutes: numbers that may be Excel's days and have shorter steps than this are days."""

_Row = tuple[int, list[str]]
"""The number of a line in the file, and its cells."""


@dataclass(frozen=True, slots=True)
class Log:
    """The content of the file."""

    step_minutes: float
    per_minute: tuple[float, ...]
    """Requests per minute, one for each step."""


def read(path: str) -> Log:
    """Read a log of requests per minute.

    Raises ProfileError, one sentence with the line: unreadable, not a number, negative, times that
    do not come in equal steps, nothing in it, or nothing but zeros.
    """
    try:
        # The encoding of other text does not matter: only headings hold words.
        text = read_text(Path(path), otherwise="cp1252")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ProfileError(f"cannot read the log {path}: {reason}") from None
    separator, rows = _rows(path, text)
    values = _values(path, separator, rows)
    if not any(values):
        raise ProfileError(f"{path}: must hold requests per minute, one line each, got none")
    return Log(_step(path, rows), tuple(values))


def _rows(path: str, text: str) -> tuple[str, list[_Row]]:
    """The separator, and every line but headings, blank lines and comments."""
    lines = re.split(r"\r\n|\r|\n", text.removesuffix("\n"))
    begins = next((number for number, line in enumerate(lines) if line.strip()), 0)
    named = _SEP_LINE.fullmatch(lines[begins].strip(" ")) if lines else None
    if named:
        lines[begins] = ""
    comments = {number for number, line in enumerate(lines) if line.lstrip().startswith("#")}
    lines = ["" if number in comments else line for number, line in enumerate(lines)]
    count = sum(1 for line in lines if line.strip())
    if count > MOST_LINES:
        raise ProfileError(f"{path}: must have at most {MOST_LINES} lines, got {count}")
    separator = named[1] if named else _separator(lines)
    cells = csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=True)
    try:
        rows = [(cells.line_num, [cell.strip() for cell in row]) for row in cells]
    except csv.Error as error:
        raise ProfileError(f"{path} line {cells.line_num}: not a table: {error}") from None
    blank = [number for number, row in rows if not any(row) and number - 1 not in comments]
    rows = [(number, row) for number, row in rows if any(row)]
    data = list(itertools.dropwhile(lambda each: is_heading(each[1]), rows))
    while data and all(len(row) > 1 and not row[-1] for _, row in data):
        data = [(number, row[:-1]) for number, row in data]  # every line ends with a separator
    headings = rows[: len(rows) - len(data)]
    if separator == "," and headings and data and len(headings[-1][1]) == 1 < len(data[0][1]):
        # One column of numbers with decimal commas must not be read as a time and a number.
        raise ProfileError(
            f"{path} line {data[0][0]}: must have 1 column as in the heading, "
            f"got {len(data[0][1])}; "
            "numbers with a decimal comma stand in quotes, or the first line is sep=;"
        )
    for number, row in data:
        if len(row) not in (1, 2) or len(row) != len(data[0][1]):
            wanted = len(data[0][1]) if len(data[0][1]) in (1, 2) else "1 or 2"
            more = " (a time and one series)" if len(row) > 2 else ""
            raise ProfileError(
                f"{path} line {number}: must have {wanted} columns{more}, got {len(row)}"
            )
    if data and len(data[0][1]) == 1:
        first = headings[-1][0] if headings else data[0][0]
        _refuse_blank(path, lines, blank, first, data[-1][0])
    return separator, data


def _refuse_blank(path: str, lines: list[str], blank: list[int], first: int, last: int) -> None:
    """Raise ProfileError for a minute without a number among lines that have no times.

    Lines in `blank` between the `first` line, a heading or a minute, and the `last` minute; and
    after that those with an empty cell in quotes, which are not the end of the file.
    """
    for number in blank:
        if first < number and (number < last or '"' in lines[number - 1]):
            raise ProfileError(
                f"{path} line {number}: requests per minute must be a number from 0 up, "
                "got a blank line: a minute without requests is 0"
            )


def _separator(lines: list[str]) -> str:
    """The separator that is outside of quotes in most of the lines with a digit."""
    bare = [re.sub(r'"[^"]*"', "", line) for line in lines if re.search(r"\d", line)]
    for each in _SEPARATORS:
        if sum(each in line for line in bare) * 2 > len(bare):
            return each
    return ","


def _values(path: str, separator: str, rows: list[_Row]) -> list[float]:
    try:
        values = requests_per_minute([row[-1] for _, row in rows], separator)
    except AmbiguousNumbers as error:
        line = rows[error.index][0]
        raise ProfileError(f"{path} line {line}: requests per minute {error}") from None
    for (line, row), value in zip(rows, values, strict=True):
        if value is None or value < 0:
            empty = "" if re.search(r"\d", row[-1]) else ": a minute without requests is 0"
            raise ProfileError(
                f"{path} line {line}: requests per minute must be a number from 0 up, "
                f"got {row[-1]!r}{empty}"
            )
    return [value for value in values if value is not None]


def _step(path: str, rows: list[_Row]) -> float:
    """Minutes from line to line.  Raises ProfileError unless they are all equal.

    Uses the first reader that understands all times and finds equal steps.
    """
    if len(rows[0][1]) == 1:
        return 1.0
    errors: list[tuple[int, ProfileError]] = []
    for reader in READERS:
        times: list[float] = []
        for line, (cell, _) in rows:
            minutes = reader(cell)
            if minutes is None:
                wanted = "minutes, 18:30, a date and time, or Unix seconds or milliseconds"
                error = f"{path} line {line}: a time must be {wanted}, got {cell!r}"
                errors.append((len(times), ProfileError(error)))
                break
            times.append(minutes)
        else:
            try:
                return _equal(path, reader, times, rows)
            except ProfileError as error:
                errors.append((len(times), error))
    # Report the error of the reader that read the most lines.
    raise max(errors, key=lambda each: each[0])[1]


def _equal(path: str, reader: TimeReader, times: list[float], rows: list[_Row]) -> float:
    first = 0.0
    for (begin, end), (line, (later, _)) in zip(itertools.pairwise(times), rows[1:], strict=True):
        step = end - begin
        if reader is CLOCK:
            # A clock may pass midnight: take the shorter way round, or a step back would look long.
            step = _DAY / 2 - (_DAY / 2 - step) % _DAY
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
