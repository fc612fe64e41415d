"""Lines of a file are read again in any order, within a limit of memory."""

from __future__ import annotations

import random
from array import array
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.records.stored_lines import StoredLines

LINES = [b"%d %s\n" % (number, b"x" * (number * 37 % 400)) for number in range(3000)]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lines") / "lines"
    path.write_bytes(b"".join(LINES))
    return path


def opened(path: Path, most_bytes: int = 1 << 25) -> StoredLines:
    bounds = array("Q", accumulate(map(len, LINES), initial=0))
    return StoredLines(path, bounds, most_bytes)


@settings(deadline=None)
@given(
    numbers=st.lists(st.integers(0, len(LINES) - 1), max_size=200),
    most_bytes=st.sampled_from([0, 1 << 12, 1 << 16, 1 << 25]),
)
def test_any_lines_in_any_order_and_more_than_once(
    path: Path, numbers: list[int], most_bytes: int
) -> None:
    lines = opened(path, most_bytes)
    asked = [numbers[:7], numbers, numbers[::-1]]
    assert [lines.of(each) for each in asked] == [[LINES[n] for n in each] for each in asked]
    assert [lines.one(n) for n in numbers] == [LINES[n] for n in numbers]


def test_a_stretch_of_lines(path: Path) -> None:
    lines = opened(path)
    assert lines.stretch(0, len(LINES)) == LINES
    assert lines.stretch(17, 18) == LINES[17:18]


@pytest.mark.parametrize("mixed", [False, True])
def test_lines_that_wait_take_no_more_memory_than_allowed(path: Path, mixed: bool) -> None:
    """Each line is asked for once, as when the conversations of a run are read one by one."""
    numbers, most_bytes = list(range(len(LINES))), 1 << 16
    if mixed:
        random.Random(1).shuffle(numbers)
    lines, waiting = opened(path, most_bytes), []
    for number in numbers:
        assert lines.of([number]) == [LINES[number]]
        waiting.append(lines.waiting_bytes if number % 10 == 0 else 0)
    assert 0 < max(waiting) < 2 * most_bytes
    if not mixed:
        assert lines.waiting_bytes == 0
