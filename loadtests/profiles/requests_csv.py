"""Reads requests per minute from a user's log, as a phase of a profile.

Each line has one number, the requests in that minute, or a time and the requests per minute at
that time (`csv_cells` and `csv_times` list the forms of both).  Other columns are passed over when
they hold no requests (`csv_columns`).  Lines must be in equal steps, so that a missing minute is
not mistaken for a quiet one.  Comma, semicolon, tab or bar separate; headings, lines that begin
with # and Excel's `sep=` are allowed (`csv_table`).  Blank lines are allowed too, but without times
only before the first and after the last minute.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from loadtests.profiles import csv_columns, csv_steps, csv_table
from loadtests.profiles.csv_cells import AmbiguousNumbers, requests_per_minute
from loadtests.profiles.csv_table import MOST_LINES, Row
from loadtests.profiles.source import ProfileError
from reports.basics.texts import read_text

__all__ = ["MOST_LINES", "Log", "read"]


@dataclass(frozen=True, slots=True)
class Log:
    """The content of the file."""

    step_minutes: float
    per_minute: tuple[float, ...]
    """Requests per minute, one for each step, the oldest first."""


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
    table = csv_table.split(path, text)
    columns = csv_columns.choose(table)
    values = _values(path, table.separator, columns.minutes)
    if not any(values):
        raise ProfileError(f"{path}: must hold requests per minute, one line each, got none")
    steps = csv_steps.of(path, columns.minutes)
    factor = columns.factor / (steps.minutes if columns.covers_step else 1.0)
    return Log(steps.minutes, tuple(values[place] * factor for place in steps.order))


def _values(path: str, separator: str, rows: list[Row]) -> list[float]:
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
