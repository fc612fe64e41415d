"""Units of a rate in a log, in a cell (`2 req/s`) or in the heading of a column (`web (req/s)`).

Requests are counted per minute: a number per second counts sixty times, one per hour a sixtieth.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_PER_SECOND, _PER_MINUTE, _PER_HOUR = 60.0, 1.0, 1 / 60
_TIMES = {
    _PER_SECOND: ("s", "sec", "second"),
    _PER_MINUTE: ("m", "min", "minute"),
    _PER_HOUR: ("h", "hour"),
}
"""What stands after a slash or after "per"."""
_SHORT = {
    _PER_SECOND: ("rps", "reqps", "qps", "tps", "cps"),
    _PER_MINUTE: ("rpm", "reqpm", "cpm"),
    _PER_HOUR: ("rph", "reqph", "qph"),
}
"""Whole units in one word."""
_FACTORS = {
    word: factor for table in (_TIMES, _SHORT) for factor in table for word in table[factor]
}


def _named(times: Iterable[str], short: Iterable[str]) -> re.Pattern[str]:
    """Finds one of these units in a heading."""
    time = rf"(?:{'|'.join(times)})(?:[^a-z]|$)"
    return re.compile(
        rf"(?i)(?:^|[^a-z])(?:{'|'.join(short)})(?:[^a-z]|$)"
        rf"|(?:req(?:uest)?s?|counts?|ops|hits|queries)\s?/\s?{time}"
        rf"|(?<=[\w)])/{time}|per[ _-]?{time}"
    )


_IN_HEADINGS = {each: _named(_TIMES[each], _SHORT[each]) for each in (_PER_SECOND, _PER_HOUR)}


def of_unit(word: str) -> float | None:
    """The factor of a unit beside a number, in small letters; None: it is no unit of a rate."""
    return _FACTORS.get(word)


def of_heading(name: str) -> float:
    """The factor of the numbers below a heading: 1 where it names no unit."""
    return next((each for each, found in _IN_HEADINGS.items() if found.search(name)), 1.0)
