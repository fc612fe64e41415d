"""Every test has one kind, and a unit test starts no process."""

from __future__ import annotations

import subprocess
import sys
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from tests import kinds


def item(*marks: str, fixtures: tuple[str, ...] = ()) -> Any:
    """As much of a pytest item as is asked for."""
    held = [SimpleNamespace(name=name) for name in marks]
    return SimpleNamespace(
        nodeid="test_it.py::test_it",
        fixturenames=fixtures,
        iter_markers=lambda: iter(held),
        add_marker=lambda name: held.append(SimpleNamespace(name=name)),
    )


def assigned(*marks: str, fixtures: tuple[str, ...] = ()) -> set[str]:
    """The marks that such a test has in the end."""
    kinds.assign([test := item(*marks, fixtures=fixtures)])
    return {mark.name for mark in test.iter_markers()}


def test_a_test_that_says_nothing_is_a_unit_test() -> None:
    assert assigned() == {"unit"}


def test_the_kind_that_a_test_names_is_kept() -> None:
    assert assigned("run", "daily", fixtures=("engine",)) == {"run", "daily"}


@pytest.mark.parametrize(
    ("fixture", "marks"),
    [
        ("engine", {"docker"}),
        ("standing", {"service"}),
        ("bundled", {"service"}),
        ("system", {"service", "system"}),
        ("good", {"unit", "daily"}),
    ],
)
def test_a_shared_fixture_decides_where_a_test_names_no_kind(fixture: str, marks: set[str]) -> None:
    assert assigned(fixtures=(fixture, "tmp_path")) == marks


def test_a_test_of_two_kinds_is_refused() -> None:
    with pytest.raises(pytest.UsageError, match="must have one kind, got"):
        assigned("unit", "service")


def test_a_unit_test_cannot_start_a_process() -> None:
    with pytest.raises(AssertionError, match="a unit test must start no process"):
        subprocess.Popen([sys.executable, "-c", ""])


def test_a_thread_that_an_earlier_test_left_does_not_fail_a_unit_test() -> None:
    codes: list[int] = []

    def start() -> None:
        codes.append(subprocess.run([sys.executable, "-c", ""], check=False).returncode)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert codes == [0]
