"""Parses the numbers and headings of a log from monitoring tools and spreadsheets.

A number of requests may have thousands separators, a decimal comma, a suffix (`1.2K`) and a unit:
`req/s` counts sixty times, `req/h` a sixtieth.
"""

from __future__ import annotations

import math
import re

from loadtests.profiles import csv_rates
from loadtests.profiles.csv_times import NARROW, READERS, is_dated

_THOUSANDS = dict.fromkeys(map(ord, NARROW + "\u2019"), "'")
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
_MAY_BE_TIME = re.compile(r"\d+\D+\d")
"""Begins with two numbers: no name of a column, even if it is no time that is understood."""
_TIME_NAME = re.compile(
    r"(?i)(?:[@_]?times?(?:[ _]?stamp)?|ts|datetime|date|_time|epoch"
    r"|(?:begin|start|interval|period|window)[ _]?(?:start|begin)?(?:[ _]?(?:time|date|ts|at)\w*)?"
    r"|(?:unix|epoch)[ _]?\w*|bin\(.*\)|zeit\w*|datum|fecha|heure|hora)\s*(?:[(\[].*)?"
)
"""Names of a column of times beside others, whichever its place is."""
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


def is_time_name(name: str) -> bool:
    """Whether a column with this name holds times."""
    return _TIME_NAME.fullmatch(name) is not None


def is_number(cell: str) -> bool:
    """Whether a cell is a number of requests in some notation."""
    return _parts(cell) is not None


def is_heading(row: list[str]) -> bool:
    """Whether a line cannot be a minute, so that no minute is lost with it.

    It holds neither a time nor a number; or it has the name of a column where a minute has its
    time (`Period,60`, `Time,200`).
    """
    if len(row) > 1 and _COLUMN_NAME.fullmatch(row[0]):
        return True
    if len(row) > 2:  # any of the cells may be the time or the number
        has_name = any(map(is_time_name, row))
        return has_name or not any(is_number(cell) or _is_time(cell) for cell in row)
    if len(row) == 1:
        has_time = row[0][:1].isdigit()
    else:
        has_time = _MAY_BE_TIME.match(row[0]) is not None
        has_time = has_time or _is_time(row[0]) or is_dated(row[-1])
    return not has_time and _parts(row[-1]) is None and row[-1].lower() not in _NO_VALUE


def _is_time(cell: str) -> bool:
    return any(reader(cell) is not None for reader in READERS)


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
    rate = csv_rates.of_unit(per) if per else 1.0
    return None if word not in _WORDS or rate is None else (found[1], _SCALES[scale] * rate)


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
