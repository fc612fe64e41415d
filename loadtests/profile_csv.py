"""Requests per minute out of somebody's own log, as a phase of a profile.

One number a line: requests in that minute.  Or two columns, a time and the requests per minute
then.  A time is minutes since whenever (`17`), a clock (`18:30`), a date and time
(`2025-10-20T18:30:00+05:30`), or Unix time in seconds or milliseconds; lines come in equal steps,
the oldest first, so that a minute that is missing is not mistaken for a quiet one.  Comma,
semicolon or tab separate; a heading, blank lines and lines that begin with # may be there.
"""

from __future__ import annotations

import csv
import itertools
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from loadtests.profile_source import ProfileError

MOST_LINES = 20_000
"""Two weeks of minutes."""

_DAY = 24 * 60.0
_UNIX = 1e9
"""Numbers from here on are seconds since 1970 (the value stands for 2001)."""
_UNIX_MS = 1e11
"""Numbers from here on are milliseconds since 1970 (1973; as seconds it would be the year 5138)."""
_UNIX_US = 1e14
"""Numbers from here on are no time that is understood: finer clocks, or something else."""
_SAME_STEP = 0.02
"""Minutes by which steps may differ and still be equal: exporters round."""


@dataclass(frozen=True, slots=True)
class Log:
    """What the file says."""

    step_minutes: float
    per_minute: tuple[float, ...]
    """Requests per minute, one for each step."""


def read(path: str) -> Log:
    """Read a log of requests per minute.

    Raises ProfileError, one sentence with the line: unreadable, not a number, negative, times that
    do not come in equal steps, nothing in it, or nothing but zeros.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ProfileError(f"cannot read the log {path}: {reason}") from None
    rows = _rows(path, text)
    values = [_requests(path, line, row[-1]) for line, row in rows]
    if not any(values):
        raise ProfileError(f"{path}: expected requests per minute, one line each; found none")
    return Log(_step(path, rows), tuple(values))


def _rows(path: str, text: str) -> list[tuple[int, list[str]]]:
    """(line, cells) of everything but the heading, blank lines and comments."""
    lines = [
        (number, line.strip())
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if len(lines) > MOST_LINES:
        raise ProfileError(f"{path}: {len(lines)} lines, expected at most {MOST_LINES}")
    first = lines[0][1] if lines else ""
    separator = next((each for each in "\t;," if each in first), ",")
    cells = csv.reader((line for _, line in lines), delimiter=separator)
    try:
        rows = [
            (number, [cell.strip() for cell in row])
            for (number, _), row in zip(lines, cells, strict=False)
        ]
    except csv.Error as error:
        raise ProfileError(f"{path}: not a table: {error}") from None
    if rows and _number(rows[0][1][-1]) is None and _minutes(rows[0][1][0]) is None:
        rows = rows[1:]
    for number, row in rows:
        if len(row) not in (1, 2) or len(row) != len(rows[0][1]):
            wanted = len(rows[0][1]) if len(rows[0][1]) in (1, 2) else "1 or 2"
            raise ProfileError(f"{path} line {number}: {len(row)} columns, expected {wanted}")
    return rows


def _requests(path: str, line: int, cell: str) -> float:
    value = _number(cell)
    if value is None or value < 0:
        raise ProfileError(
            f"{path} line {line}: requests per minute must be a number from 0 up, not {cell!r}"
        )
    return value


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _step(path: str, rows: list[tuple[int, list[str]]]) -> float:
    """Minutes from line to line.  Raises ProfileError unless they are the same everywhere."""
    if len(rows[0][1]) == 1:
        return 1.0
    times = [_time(path, line, cell) for line, (cell, _) in rows]
    first = 0.0
    for (begin, end), (line, (later, _)) in zip(itertools.pairwise(times), rows[1:], strict=True):
        step = end - begin
        if ":" in later and "-" not in later:
            # A clock goes past midnight: the nearer way round, else backwards would be a long step.
            step = _DAY / 2 - (_DAY / 2 - step) % _DAY
        first = first or step
        if step <= 0 or abs(step - first) > _SAME_STEP:
            wanted = f"{first:g}" if first > 0 and first != step else "more than 0"
            raise ProfileError(
                f"{path} line {line}: {later} comes {step:g} minutes after the line before, "
                f"expected {wanted}: lines come in equal steps, oldest first, quiet minutes as 0"
            )
    return first or 1.0


def _time(path: str, line: int, cell: str) -> float:
    """The time as minutes since some moment.  Raises ProfileError when it is none."""
    minutes = _minutes(cell)
    if minutes is None:
        raise ProfileError(
            f"{path} line {line}: a time must be minutes, 18:30, a date and time, or Unix seconds "
            f"or milliseconds, not {cell!r}"
        )
    return minutes


def _minutes(cell: str) -> float | None:
    """The time as minutes since some moment; None when it is no time."""
    number = _number(cell)
    if number is not None:
        if number >= _UNIX_US:
            return None
        if number >= _UNIX_MS:
            return number / 60_000
        return number / 60 if number >= _UNIX else number
    clock = f"0{cell}" if cell[1:2] == ":" else cell
    try:
        moment = datetime.fromisoformat(cell if "-" in cell else f"1970-01-01T{clock}")
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() / 60
