from __future__ import annotations

from typing import Any

import pytest
from chaoslib.hypothesis import within_tolerance

from chaos.experiment.tolerance import tolerance

HTTP = {"status": 200, "headers": {}, "body": {"ready": 3, "names": ["r01", "r02"]}}

# (tolerance, an answer that meets it, one that does not)
CASES: list[tuple[Any, Any, Any]] = [
    (True, True, False),
    (True, True, 1),
    (3, 3, True),
    (3, 3, "3"),
    ("ready", "ready", "not ready"),
    (200, HTTP, {**HTTP, "status": 503}),
    (0, {"status": 0, "stdout": "", "stderr": ""}, {"status": 1, "stdout": "", "stderr": ""}),
    ([200, 202, 204], HTTP, {**HTTP, "status": 503}),
    (["a", "b", "c"], "b", "d"),
    ([2, 4], 3, 5),
    ([2, 4], 4, None),
    ([200, 204], HTTP, {**HTTP, "status": 201}),
    ([404, 200], HTTP, {**HTTP, "status": 304}),
    ({"type": "range", "range": [0.5, 1.5]}, "1.5", "high"),
    ({"type": "range", "range": [2, 4], "target": "status"}, {"status": 3}, {"body": 3}),
    ({"type": "regex", "pattern": "^v[0-9]+"}, "v12", "12"),
    ({"type": "regex", "pattern": "PONG", "target": "stdout"}, {"stdout": "PONG\n"}, {}),
    ({"type": "regex", "pattern": "1"}, "1", 1),
    ({"type": "jsonpath", "path": "$.ready", "target": "body"}, HTTP, {"body": {}}),
    ({"type": "jsonpath", "path": "$.ready", "expect": 3, "target": "body"}, HTTP, {"body": "{}"}),
    ({"type": "jsonpath", "path": "$.names[*]", "count": 2, "target": "body"}, HTTP, {"body": []}),
    ({"type": "jsonpath", "path": "$.a[0]['b c']", "expect": [7]}, '{"a": [{"b c": 7}]}', "[]"),
    ({"type": "jsonpath", "path": "$.*"}, {"a": None}, "no json"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "good", "bad"), CASES)
def test_an_answer_meets_a_tolerance_or_does_not(value: Any, good: Any, bad: Any) -> None:
    assert tolerance(value).meets(good)
    assert not tolerance(value).meets(bad)


# Its JSON paths are an extra that is not installed.
SHARED = [case for case in CASES if not (isinstance(case[0], dict) and "path" in case[0])]


@pytest.mark.parametrize(("value", "good", "bad"), SHARED)
def test_chaos_toolkit_agrees_where_it_gives_an_answer(value: Any, good: Any, bad: Any) -> None:
    assert within_tolerance(value, good) is True
    try:
        theirs = within_tolerance(value, bad)
    except (TypeError, ValueError):
        return  # ours is False there: the other test
    assert theirs is (isinstance(value, bool | int) and value == bad), "1 is true for the library"


WRONG: list[tuple[Any, str]] = [
    (1.5, "must be true, false, a whole number"),
    (None, "must be true, false"),
    ([], "at least one value"),
    ({"type": "range", "range": [4, 2]}, "lower number first"),
    (["a", "b"], "two values must be numbers"),
    ({"type": "probe", "provider": {}}, "must be true, false"),
    ({"type": "range", "range": [1]}, "range must be two numbers"),
    ({"type": "range", "rnage": [1, 2]}, "rnage is not known here"),
    ({"type": "regex", "pattern": "("}, "pattern must be a regular expression"),
    ({"type": "regex"}, "pattern must be a regular expression"),
    ({"type": "jsonpath", "path": "$..a"}, "path must be a JSON path of names, numbers"),
    ({"type": "jsonpath", "path": "$.a[?(@.b)]"}, "path must be a JSON path of names, numbers"),
    ({"type": "jsonpath", "path": "$.a", "count": "2"}, "count must be a whole number"),
]


@pytest.mark.parametrize(("value", "sentence"), WRONG)
def test_a_tolerance_that_is_not_understood_is_refused(value: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        tolerance(value)
