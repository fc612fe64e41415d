"""Files that wait and files that compute take turns, and the long ones are first."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests import order


def item(file: str, kind: str) -> Any:
    return SimpleNamespace(
        nodeid=f"tests/{file}::test_it",
        get_closest_marker=lambda name: name if name == kind else None,
    )


def arranged(*items: Any) -> list[str]:
    given = list(items)
    order.arrange(given)
    assert sorted(map(id, given)) == sorted(map(id, items))
    return [test.nodeid.removeprefix("tests/").partition("::")[0] for test in given]


def test_files_of_both_kinds_take_turns() -> None:
    served = [item(f"s{number}.py", "service") for number in range(2)]
    units = [item(f"u{number}.py", "unit") for number in range(4)]
    order_of_files = arranged(*served, *units)
    assert order_of_files == ["u0.py", "s0.py", "u1.py", "u2.py", "s1.py", "u3.py"]


def test_the_long_files_are_first_and_no_file_is_split() -> None:
    long = order.LONG[0]
    tests = [item("a.py", "unit"), item(long, "unit"), item("a.py", "service"), item(long, "run")]
    assert arranged(*tests) == [long, long, "a.py", "a.py"]
