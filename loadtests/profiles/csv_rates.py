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
"""The words after a slash or after "per"."""
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


_INTERVAL = re.compile(
    r"(?i)(?:/|(?:^|[^a-z])(?:per|every|each|in|pro|je|alle|por|cada|par))[ _-]?(\d{1,4})[ _-]?"
    r"(?:(s|secs?|seconds?|sekunden|segundos|secondes)|(m|mins?|minutes?|minuten|minutos)"
    r"|(h|hrs?|hours?|stunden?|horas?|heures?))(?:[^a-z]|$)"
)
"""`per 5 min` in a heading: a number counts the requests of so long a time."""


def of_unit(word: str) -> float | None:
    """The factor of a unit beside a number, in small letters; None: it is no unit of a rate."""
    return _FACTORS.get(word)


def of_heading(name: str) -> float:
    """The factor of the numbers below a heading: 1 where it names no unit."""
    for factor, found in _IN_HEADINGS.items():
        if found.search(name):
            return factor
    interval = _INTERVAL.search(name)
    if interval is None or int(interval[1]) == 0:
        return 1.0
    second, minute, _ = interval.groups()[1:]
    return (_PER_SECOND if second else _PER_MINUTE if minute else _PER_HOUR) / int(interval[1])
