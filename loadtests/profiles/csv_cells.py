"""Parses the cells of a log from monitoring tools and spreadsheets: times, requests per minute.

A time is minutes since some moment (`17`), Unix time in seconds or milliseconds, days as Excel
counts them, a clock (`18:30`, `6:30 PM`), or a date and time: ISO 8601, `2025/10/20 18:30`,
`20.10.2025 18:30`, `10/20/2025, 6:30 PM` with the day or the month first, or with the month's name.

A number of requests may have thousands separators, a decimal comma, a suffix (`1.2K`) and a unit:
`req/s` counts sixty times, `req/h` a sixtieth.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime

TimeReader = Callable[[str], float | None]
"""Parses a cell into minutes since some moment; None when the cell has another form."""

_UNIX = (1e9, 1e10)
"""Seconds since 1970, from 2001 to 2286."""
_UNIX_MS = (1e12, 1e13)
"""The same in milliseconds.  Numbers between and beyond are dates without marks (`202510201830`),
finer clocks, or something else."""
_EXCEL_DAYS = (30_000, 80_000)
"""1982 to 2119."""

_NARROW = "\u00a0\u202f\u2007\u2009"
"""Spaces within a value: between thousands, or before PM."""
_SPACES = dict.fromkeys(map(ord, _NARROW), " ")
_THOUSANDS = dict.fromkeys(map(ord, _NARROW + "\u2019"), "'")
_ZONE = re.compile(
    r"\s*(?:(?:GMT|UTC)?([+-])(\d\d):?(\d\d)(?:\s+UTC|\s*\([^)]*\))?|Z|\s([A-Z]{3,5}))$"
)
_SUMMER = re.compile(r"(?:[ECMPAN]|AK)DT|(?:C|E|W)EST|MESZ|BST|(?:AC|AE|NZ)DT")
"""Zones in summer: an hour ahead of winter, which makes equal steps in the nights of the change."""
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)(?:[T ]?(\d\d):?(\d\d)(?::?(\d\d))?Z?)?")
_WEEKDAY = re.compile(r"^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\w*,?\s+")
_HALF_DAY = re.compile(r"(?i)\s*([ap])\.?\s?m\.?$")
_CLOCKS = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p", "%I:%M:%S.%f %p")

_NUMBER = re.compile(
    r"([+-]?(?:\d{1,3}(?:'\d{3})+(?:[.,]\d+)?|[.,]?\d[\d.,]*)(?:[eE][+-]?\d+)?)\s*(.*)"
)
_SCALES = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "Mil": 1e6, "Mio": 1e6, "G": 1e9, "Bil": 1e9}
_UNIT = re.compile(
    r"(?:(k|K|M|Mil|Mio|G|Bil)(?![A-Za-z]))?\s*([A-Za-z]*)\s*(?:(?:/|per\b)\s*([A-Za-z]+))?"
)
_NO_VALUE = frozenset({"undefined", "null", "nan", "none", "na", "n/a", "#n/a", "-", "inf"})
"""Words for a minute without a value."""
_WORDS = frozenset({"", "req", "reqs", "request", "requests", "r", "c", "ops", "count", "counts"})
_RATES = {
    **dict.fromkeys(("s", "sec", "second", "rps", "reqps", "cps"), 60.0),
    **dict.fromkeys(("m", "min", "minute", "rpm", "reqpm", "cpm"), 1.0),
    **dict.fromkeys(("h", "hour", "rph"), 1 / 60),
}


_MAY_BE_TIME = re.compile(r"\d+\D+\d")
"""Begins with two numbers: no name of a column, even if it is no time that is understood."""
_COLUMN_NAME = re.compile(
    r"(?i)(?:times?|@?timestamp|_time|date|date[ /]?time|ts|t|epoch|minute|hour|day|when"
    r"|zeit|datum|fecha|heure"
    r"|full label|label|id|account (?:id|label)|region|metric name|namespace|dimension:.*"
    r"|statistic|period|unit|expression)\s*(?:[(\[].*)?"
)
"""Names of a column of times, and of the lines above CloudWatch's minutes.  The cells after them
may look like anything."""


class AmbiguousNumbers(ValueError):
    """Numbers with two possible readings; `index` is the first of them."""

    def __init__(self, index: int, cell: str) -> None:
        whole = re.sub(r"\D", "", cell)
        super().__init__(
            f"must be without a thousands separator: {cell!r} may be {whole} or "
            f"{float(re.sub(r'[.,]', '.', cell)):g}"
        )
        self.index = index


def is_heading(row: list[str]) -> bool:
    """Whether a line cannot be a minute, so that no minute is lost with it.

    It holds neither a time nor a number; or it has the name of a column where a minute has its
    time (`Period,60`, `Time,200`).
    """
    if len(row) > 1 and _COLUMN_NAME.fullmatch(row[0]):
        return True
    if len(row) == 1:
        has_time = row[0][:1].isdigit()
    else:
        has_time = _MAY_BE_TIME.match(row[0]) is not None
        has_time = has_time or any(reader(row[0]) is not None for reader in READERS)
    return not has_time and _parts(row[-1]) is None and row[-1].lower() not in _NO_VALUE


def requests_per_minute(cells: list[str], separator: str) -> list[float | None]:
    """The numbers of a whole column, all in one notation; None for a cell without a number.

    Raises AmbiguousNumbers.
    """
    parts = [_parts(cell) for cell in cells]
    digits = [part[0].replace("'", "") if part else "" for part in parts]
    comma = _comma_is_decimal(digits, separator)
    values: list[float | None] = []
    thousands, point = (".", ",") if comma else (",", ".")
    for text, part in zip(digits, parts, strict=True):
        groups = text.lstrip("+-").split(point)[0].split(thousands)
        if len(groups) > 1 and not _are_thousands(groups):
            values.append(None)
            continue
        plain = text.replace(thousands, "").replace(point, ".")
        try:
            value = float(plain) * (part[1] if part else math.nan)
        except ValueError:
            value = math.nan
        values.append(value if math.isfinite(value) else None)
    return values


def _parts(cell: str) -> tuple[str, float] | None:
    """The digits of a number as written, and their factor; None for a cell without a number."""
    found = _NUMBER.fullmatch(cell.translate(_THOUSANDS))
    unit = _UNIT.fullmatch(found[2]) if found else None
    if found is None or unit is None:
        return None
    scale, word, per = (each or "" for each in unit.groups())
    word, per = word.lower(), per.lower()
    if word not in _WORDS and not per:
        word, per = "", word
    if word not in _WORDS or (per and per not in _RATES):
        return None
    return found[1], _SCALES[scale] * (_RATES[per] if per else 1.0)


def _comma_is_decimal(digits: list[str], separator: str) -> bool:
    """Whether the comma separates decimals, not thousands.

    A comma-separated file has no decimal commas, but quoted numbers may have thousands separators.
    In other files one number with a single reading decides for all.  Raises AmbiguousNumbers.
    """
    doubtful = None
    for index, text in enumerate(digits):
        if "." in text and "," in text:
            return text.rindex(",") > text.rindex(".")
        for mark in ".,":
            if mark not in text:
                continue
            groups = text.lstrip("+-").split(mark)
            is_thousands = _are_thousands(groups)
            if len(groups) > 2 and is_thousands:
                return mark == "."
            if not is_thousands and len(groups) == 2:
                return mark == ","
            doubtful = index if doubtful is None else doubtful
    if doubtful is None:
        return False
    text = digits[doubtful]
    if separator == "," or ("." in text and separator != ";"):
        return False
    raise AmbiguousNumbers(doubtful, text)


def _are_thousands(groups: list[str]) -> bool:
    """Whether digits are grouped by thousands, or as in India by thousands and then hundreds."""
    first, last = groups[0], groups[-1]
    return (
        all(each.isdigit() for each in groups)
        and len(first) <= 3
        and first[0] != "0"
        and len(last) == 3
        and {len(each) for each in groups[1:-1]} in (set(), {2}, {3})
    )


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
    if _UNIX_MS[0] <= number < _UNIX_MS[1]:
        return number / 60_000
    if number < _UNIX[0]:
        return number
    return number / 60 if number < _UNIX[1] else None


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
    if ":" not in cell:
        return None
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
        text = _HALF_DAY.sub(r" \1m", _WEEKDAY.sub("", text))
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
    found = _ZONE.search(cell)
    if found is None or ":" not in cell[: found.start()]:
        return cell, 0.0
    sign, hours, minutes, name = found.groups()
    ahead = (int(hours) * 60 + int(minutes)) * (-1 if sign == "-" else 1) if sign else 0
    if name and _SUMMER.fullmatch(name):
        ahead = 60
    return cell[: found.start()], float(ahead)


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
    _dated("%d %b %Y", "%d-%b-%Y", "%d/%b/%Y", "%b %d %Y", "%d %B %Y", "%B %d %Y"),
)
