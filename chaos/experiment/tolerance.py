"""The tolerances of the Chaos Toolkit: the answers of a probe that are in order.

A value means that value, two numbers in a list their range, any other list one of its values; a
mapping is a `range`, a `regex` or a `jsonpath`.  Of the answer of an HTTP call or a process, a
number is held against its `status`, and a list, of two numbers too, holds the values it may have.

The Chaos Toolkit's own `within_tolerance` is not called; a test compares the two.  It raises for
an answer of another type, takes 1 for true, and takes the text 0.1 for less than the limit 0.1.  It
puts values into a pattern a second time, so that `$$` becomes `$`, and writes the pattern (secrets
too) to its log.  Its JSON paths need one exact version of ANTLR's runtime, which would conflict
with other packages where diya is a pytest plugin, and know neither `$.a-b` nor `$['a']`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_FORMS = {
    "range": ("type", "range", "target"),
    "regex": ("type", "pattern", "target"),
    "jsonpath": ("type", "path", "expect", "count", "target"),
}
_EXPECTED = "true, false, a whole number, a text, a list, or a range, regex or jsonpath"

_JSONPATH = re.compile(r"\$(?:\.(?:[\w-]+|\*)|\[(?:\d+|\*|'[^']*'|\"[^\"]*\")\])*")
_JSONPATH_PART = re.compile(r"\.([\w-]+|\*)|\[(\d+|\*|'[^']*'|\"[^\"]*\")\]")


@dataclass(frozen=True)
class Tolerance:
    """One tolerance, checked when it was read."""

    meets: Callable[[Any], bool]
    """Whether an answer is in order; never raises for an odd one."""
    expected: str
    """The expected value, for a sentence."""

    def __str__(self) -> str:
        return self.expected


def tolerance(value: Any) -> Tolerance:
    """The tolerance that a file's `tolerance` stands for.

    Raises ValueError, with the expected form, for a form that the Chaos Toolkit does not know or
    that is not understood here.
    """
    if isinstance(value, dict):
        return _mapping(value)
    if isinstance(value, list):
        return _list(value)
    if isinstance(value, bool | int | str):
        return Tolerance(lambda answer: _same(_status(answer, value), value), repr(value))
    raise ValueError(f"must be {_EXPECTED}, got {value!r}")


def _mapping(form: dict[str, Any]) -> Tolerance:
    kind = form.get("type")
    if kind == "probe":
        raise ValueError(
            f"must be {_EXPECTED}, got a probe that judges the answer of another, which is not "
            "read here: let one probe do both and tolerate true"
        )
    if kind not in _FORMS:
        raise ValueError(f"must be {_EXPECTED}, got {form!r}")
    for key in form:
        if key not in _FORMS[kind]:
            raise ValueError(f"{key} is not known here: must be one of {', '.join(_FORMS[kind])}")
    target = form.get("target")
    if target is not None and not isinstance(target, str):
        raise ValueError(f"target must be the name of a part of the answer, got {target!r}")
    within = {"range": _range, "regex": _regex, "jsonpath": _jsonpath}[kind](form)

    def meets(answer: Any) -> bool:
        if target is not None and isinstance(answer, dict):
            answer = answer.get(target)
        return within.meets(answer)

    place = f"{target}: " if target else ""
    return Tolerance(meets, place + within.expected)


def _list(values: list[Any]) -> Tolerance:
    if not values:
        raise ValueError("must have at least one value, got []")
    one_of = "one of " + ", ".join(repr(each) for each in values)

    def meets_one(answer: Any) -> bool:
        return any(_same(_status(answer, 0), each) for each in values)

    if len(values) != 2:
        return Tolerance(meets_one, one_of)
    if not all(_is_number(each) for each in values):
        # The Chaos Toolkit takes any two values for the ends of a range.
        raise ValueError(f"two values must be numbers, from and to, got {values!r}")
    between = _between(*values) if values[0] <= values[1] else None

    def meets(answer: Any) -> bool:
        if isinstance(answer, dict) and "status" in answer:
            return meets_one(answer)
        return between is not None and between(answer)

    said = one_of if between is None else f"{values[0]} to {values[1]} (a status: {one_of})"
    return Tolerance(meets, said)


def _range(form: dict[str, Any]) -> Tolerance:
    ends = form.get("range")
    if not isinstance(ends, list) or len(ends) != 2 or not all(_is_number(end) for end in ends):
        raise ValueError(f"range must be two numbers, from and to, got {ends!r}")
    return Tolerance(_between(*ends), f"{ends[0]} to {ends[1]}")


def _between(low: float, high: float) -> Callable[[Any], bool]:
    if low > high:
        raise ValueError(f"a range must have the lower number first, got {low} to {high}")

    def meets(answer: Any) -> bool:
        try:
            return not isinstance(answer, bool) and low <= float(answer) <= high
        except (TypeError, ValueError):
            return False

    return meets


def _regex(form: dict[str, Any]) -> Tolerance:
    pattern = form.get("pattern")
    if not isinstance(pattern, str):
        raise ValueError(f"pattern must be a regular expression, got {pattern!r}")
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        message = f"pattern must be a regular expression, got {pattern!r}: {error}"
        raise ValueError(message) from None
    return Tolerance(
        lambda answer: isinstance(answer, str) and compiled.search(answer) is not None,
        f"matches {pattern!r}",
    )


def _jsonpath(form: dict[str, Any]) -> Tolerance:
    path = form.get("path")
    if not isinstance(path, str) or not _JSONPATH.fullmatch(path):
        raise ValueError(
            f"path must be a JSON path of names, numbers and *, as $.a[0].b, got {path!r}"
        )
    count = form.get("count")
    if count is not None and (not isinstance(count, int) or isinstance(count, bool)):
        raise ValueError(f"count must be a whole number, got {count!r}")
    wanted = form.get("expect")

    def meets(answer: Any) -> bool:
        found = _matches(_parsed(answer), path)
        if "expect" in form:
            return found == (wanted if isinstance(wanted, list) else [wanted])
        return len(found) == count if count is not None else bool(found)

    said = f" is {wanted!r}" if "expect" in form else f" {count} times" if count is not None else ""
    return Tolerance(meets, path + said)


def _parsed(answer: Any) -> Any:
    if not isinstance(answer, str):
        return answer
    try:
        return json.loads(answer)
    except ValueError:
        return answer


def _matches(document: Any, path: str) -> list[Any]:
    found = [document]
    for name, bracket in _JSONPATH_PART.findall(path):
        key = name or bracket.strip("'\"")
        number = int(key) if bracket.isdigit() else None
        following: list[Any] = []
        for each in found:
            if key == "*" and isinstance(each, dict | list):
                following += each.values() if isinstance(each, dict) else each
            elif isinstance(each, dict) and number is None and key in each:
                following.append(each[key])
            elif isinstance(each, list) and number is not None and number < len(each):
                following.append(each[number])
        found = following
    return found


def _status(answer: Any, wanted: object) -> Any:
    """An HTTP call and a process answer with a mapping: a number is about its status."""
    is_number = isinstance(wanted, int) and not isinstance(wanted, bool)
    if is_number and isinstance(answer, dict) and "status" in answer:
        return answer["status"]
    return answer


def _same(answer: Any, wanted: Any) -> bool:
    # 1 is not true here: a probe that counts must not pass for one that says yes.
    return isinstance(answer, bool) == isinstance(wanted, bool) and bool(answer == wanted)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
