"""Parses the times of a log from monitoring tools and spreadsheets.

A time is minutes since some moment (`17`), Unix time in seconds or a thousandth, millionth or
billionth of them, days as Excel counts them, a clock (`18:30`, `6:30 PM`), or a date and time: ISO
8601, `2025/10/20 18:30`, `20.10.2025 18:30`, `10/20/2025, 6:30 PM` with the day or the month first,
or with the month's name, in the languages of `csv_words`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime

from loadtests.profiles.csv_words import clock_in_english, in_english

TimeReader = Callable[[str], float | None]
"""Parses a cell into minutes since some moment; None when the cell has another form."""

_UNIX = (1e9, 1e10)
"""Seconds since 1970, from 2001 to 2286."""
_UNIX_MS = (1e12, 1e13)
"""The same in milliseconds.  Numbers between are dates without marks (`202510201830`)."""
_UNIX_US = (1e15, 1e16)
_UNIX_NS = (1e18, 1e19)
_UNIX_UNITS = ((_UNIX, 1), (_UNIX_MS, 1e3), (_UNIX_US, 1e6), (_UNIX_NS, 1e9))
_EXCEL_DAYS = (30_000, 80_000)
"""1982 to 2119."""

NARROW = "\u00a0\u202f\u2007\u2009"
"""Spaces within a value: between thousands, or before PM."""
_SPACES = dict.fromkeys(map(ord, NARROW), " ")
_ZONE = re.compile(
    r"\s*(?:(?:GMT|UTC)?([+-])(\d\d):?(\d\d)(?:\s+UTC|\s*\([^)]*\))?|Z|\s([A-Z]{3,5}))$"
)
_REGION = re.compile(r"\s*(?:\[[A-Z][\w+-]*(?:/[\w+-]+)*\]|\b[A-Z][a-z]+/[A-Za-z_/]+)$")
"""A zone's name in the IANA's list, as in `18:30 Asia/Kolkata` and Java's `18:30Z[UTC]`."""
_SUMMER = re.compile(r"(?:[ECMPAN]|AK)DT|(?:C|E|W)EST|MESZ|BST|(?:AC|AE|NZ)DT")
"""Zones in summer: an hour ahead of winter, which makes equal steps in the nights of the change."""
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)(?:[T ]?(\d\d):?(\d\d)(?::?(\d\d))?Z?)?")
_BRACKETED = re.compile(r"\(((?:UTC|GMT)[+-]\d\d:?\d\d)\)$")
_RANGE = re.compile(
    r"(.*\d:\d\d(?::\d\d)?)\s*(?:-|\u2013|\u2014|\bto\b)\s*(\d{1,2}:\d\d(?::\d\d)?)"
)
"""The begin and the end of an interval in one cell: `18:30-18:31`."""
_HALF_DAY = re.compile(r"(?i)\s*([ap])\.?\s?m\.?$")
_CLOCKS = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p", "%I:%M:%S.%f %p")


def _plain(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _count(cell: str) -> float | None:
    """A number of minutes, or Unix time."""
    number = _plain(cell)
    if number is None or _compact(cell) is not None:
        return None
    if number < _UNIX[0]:
        return number
    for (least, beyond), second in _UNIX_UNITS:
        if least <= number < beyond:
            return number / second / 60
    return None


def _excel(cell: str) -> float | None:
    """A date and time in days, as Excel stores it."""
    number = _plain(cell.replace(",", ".") if cell.count(",") == 1 else cell)
    if number is None or not is_excel_day(number):
        return None
    return round(number * 24 * 60 * 60) / 60  # its decimals are cut off below a second


def _parsed(cell: str, *forms: str) -> float | None:
    for form in forms:
        try:
            return _minutes(datetime.strptime(cell, form))
        except ValueError:
            continue
    return None


def _minutes(moment: datetime) -> float:
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() / 60


def _clock(cell: str) -> float | None:
    cell = clock_in_english(cell)
    if ":" not in cell:
        return None
    if re.fullmatch(r"24:00(?::00)?", cell):
        return 24 * 60.0
    try:
        return _minutes(datetime.fromisoformat(f"1970-01-01T{'0' * (cell[1] == ':')}{cell}"))
    except ValueError:
        text = _HALF_DAY.sub(r" \1m", cell.translate(_SPACES))
        return _parsed(f"1970 {text}", *(f"%Y {clock}" for clock in _CLOCKS))


def _compact(cell: str) -> float | None:
    """A date, and perhaps a time of the day, whose digits no marks separate."""
    found = _COMPACT.fullmatch(cell)
    if found is None:
        return None
    try:
        year, month, day, hour, minute, second = (int(each or 0) for each in found.groups())
        return _minutes(datetime(year, month, day, hour, minute, second))
    except ValueError:
        return None


def _iso(cell: str) -> float | None:
    text, ahead = _without_zone(cell)
    try:
        return _minutes(datetime.fromisoformat(text)) - ahead if "-" in text else None
    except ValueError:
        return None


def _dated(*dates: str) -> TimeReader:
    forms = [f"{date} {clock}".strip() for date in dates for clock in (*_CLOCKS, "")]

    def read(cell: str) -> float | None:
        text, ahead = _without_zone(cell.translate(_SPACES))
        text = in_english(_HALF_DAY.sub(r" \1m", text))
        text = re.sub(r"[,@\s]+|(?<=\d)T(?=\d)|(?<=\d{4}):(?=\d)", " ", text)
        for place, form in enumerate(forms):
            minutes = _parsed(text, form)
            if minutes is not None:
                forms.insert(0, forms.pop(place))  # the next line will be of the same form
                return minutes - ahead
        return None

    return read


def _without_zone(cell: str) -> tuple[str, float]:
    """The cell without its time zone, and the zone's offset from UTC in minutes.

    A zone that has only a name counts as UTC, in summer as an hour ahead of it: the steps from line
    to line are the same.
    """
    cell = _BRACKETED.sub(r"\1", _REGION.sub("", cell))
    found = _ZONE.search(cell)
    if found is None or ":" not in cell[: found.start()]:
        return cell, 0.0
    sign, hours, minutes, name = found.groups()
    ahead = (int(hours) * 60 + int(minutes)) * (-1 if sign == "-" else 1) if sign else 0
    if name and _SUMMER.fullmatch(name):
        ahead = 60
    return cell[: found.start()], float(ahead)


def without_end(cells: list[str]) -> list[str]:
    """The begins of intervals that have both of their ends in one cell; else the cells.

    An end is the begin of the next line: `09:00-10:00` alone may be a time ten hours behind UTC.
    """
    parts = [_RANGE.fullmatch(cell) for cell in cells]
    begins, ends = [], []
    for part in parts:
        if part is None:
            return cells
        begins.append(part[1])
        ends.append(part[2])
    follows = all(begin.endswith(end) for begin, end in zip(begins[1:], ends[:-1], strict=True))
    return begins if follows and len(set(ends)) > 1 else cells


def is_dated(cell: str) -> bool:
    """Whether a cell is a date, a clock or both, with marks between its digits: no number."""
    return _plain(cell) is None and any(reader(cell) is not None for reader in _MARKED)


def is_moment(cell: str) -> bool:
    """Whether a cell is a date, a clock or Unix time, and so no number of requests."""
    if is_dated(cell):
        return True
    number = _plain(cell)
    return number is not None and any(
        least <= number < beyond for (least, beyond), _ in _UNIX_UNITS
    )


def is_excel_day(number: float) -> bool:
    """Whether a number may be a day as Excel counts them."""
    return _EXCEL_DAYS[0] <= number < _EXCEL_DAYS[1]


COUNT: TimeReader = _count
"""The reader of numbers."""
CLOCK: TimeReader = _clock
"""The reader of times without a date, which restart at midnight."""
READERS: tuple[TimeReader, ...] = (
    COUNT,
    _excel,
    CLOCK,
    _iso,
    _compact,
    _dated("%Y/%m/%d", "%Y-%m-%d", "%Y.%m.%d"),
    _dated("%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%y", "%d/%m/%y"),
    _dated("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y"),
    _dated("%d %b %Y", "%d-%b-%Y", "%d/%b/%Y", "%b %d %Y", "%d-%b-%y", "%d %b %y"),
)
_MARKED = tuple(reader for reader in READERS if reader not in (_count, _excel, _compact))
