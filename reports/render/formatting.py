"""Formats numbers and foreign text, the same in every output.

A missing value (None) is written as `–`, never as zero, since a report must not invent values.
"""

from __future__ import annotations

import unicodedata
from typing import Any

MISSING = "–"

_DURATION_UNITS = frozenset({"s", "seconds"})
_SHARE_UNITS = frozenset({"ratio", "share", "fraction"})
_SIZE_UNITS = frozenset({"bytes", "b"})


def clean(text: object) -> str:
    """One line of `text`, safe for a terminal and for XML: no control characters, no line breaks.

    Evidence may quote what a service or a customer sent, so it is treated as hostile.
    """
    return "".join(_harmless(char) for char in str(text)).strip()


def _harmless(char: str) -> str:
    if char in "\n\r\t\v\f\u2028\u2029":
        return " "
    # Cc: escape sequences; Cf: text direction overrides; Cs, Cn: not allowed in XML or UTF-8.
    return "\ufffd" if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Cn"} else char


def count(value: float | None) -> str:
    """A number of things: `4,071`; fractions keep at most two digits."""
    if value is None:
        return MISSING
    if float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:,.2f}"


def seconds(value: float | None) -> str:
    """A duration given in seconds: `7.3 ms`, `412 ms`, `3.12 s`, `41.5 s`, `2 min 31 s`."""
    if value is None:
        return MISSING
    if value < 0:
        return "-" + seconds(-value)
    if 0 < value < 0.01:
        return f"{value * 1000:.1f} ms"
    if 0 < value < 0.9995:
        return f"{value * 1000:.0f} ms"
    if value < 120 and float(value).is_integer():
        return f"{value:.0f} s"
    if value < 9.995:
        return f"{value:.2f} s"
    if value < 119.95:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 7200:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def size(value: float | None) -> str:
    """An amount of memory given in bytes: `812 B`, `31.4 MiB`, `1.52 GiB`."""
    if value is None:
        return MISSING
    if value < 0:
        return "-" + size(-value)
    if value < 1024:
        return f"{value:.0f} B"
    units = ["KiB", "MiB", "GiB", "TiB"]
    value /= 1024
    while value >= 1023.5 and len(units) > 1:
        value /= 1024
        del units[0]
    digits = 0 if value >= 99.95 or value.is_integer() else 1 if value >= 9.995 else 2
    return f"{value:.{digits}f} {units[0]}"


def share(value: float | None) -> str:
    """A fraction as a percentage: 0.0012 is `0.12 %`."""
    if value is None:
        return MISSING
    percent = float(value) * 100
    digits = 0 if percent >= 99.95 or percent.is_integer() else 1 if percent >= 9.995 else 2
    return f"{percent:.{digits}f} %"


def money(value: float | None, currency: str) -> str:
    """An amount of money: `0.0042 USD`, `3.52 USD`, `1,234 USD`."""
    if value is None:
        return MISSING
    if abs(value) >= 100:
        return f"{value:,.0f} {currency}"
    return f"{value:.2f} {currency}" if abs(value) >= 1 or value == 0 else f"{value:.2g} {currency}"


def clock(value: float | None) -> str:
    """A moment of run time given in seconds: `0:07`, `2:31`, `1:02:31`."""
    if value is None:
        return MISSING
    sign = "-" if value < -0.5 else ""
    whole = round(abs(value))
    if whole < 3600:
        return f"{sign}{whole // 60}:{whole % 60:02d}"
    return f"{sign}{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"


def quantity(value: float | None, unit: str) -> str:
    """A gate's value or limit in its unit (`s`, `bytes`, `ratio`, `%`, or the name of a thing)."""
    if value is None:
        return MISSING
    if unit in _DURATION_UNITS:
        return seconds(value)
    if unit.lower() in _SIZE_UNITS:
        return size(value)
    if unit in _SHARE_UNITS:
        return share(value)
    text = count(value)
    return f"{text} {clean(unit)}" if unit else text


def limit(value: float | None, unit: str) -> str:
    """A gate's limit, without the name of the thing, which the value beside it shows."""
    named = unit and unit not in _DURATION_UNITS | _SHARE_UNITS and unit.lower() not in _SIZE_UNITS
    return count(value) if named and unit != "%" else quantity(value, unit)


def plural(number: float | None, one: str, many: str = "") -> str:
    """`1 fault`, `4 faults`."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def value_text(value: Any) -> str:
    """A setting of unknown type, for the environment and profile tables."""
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.6g}"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list | tuple):
        return ", ".join(value_text(item) for item in value) or MISSING
    return clean(value)
