"""Texts that a regular expression matches."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_service.stand_in.replies.errors import Unsatisfiable
from target_service.stand_in.replies.patterns import matching
from tests.target_service.generated import FIXED
from tests.target_service.stand_in.replies.schemas import PATTERNS

_PIECES = st.sampled_from(
    (
        *("a", "[a-z]", r"\d", "[^0-9]", "(x|yz)", r"\w", ".", "[A-F0-9]", r"\s", r"\.", "é"),
        *("(?:ab)", "[-_]", r"[^\s]", r"\D", r"\W", r"\S"),
    )
)
_TIMES = st.sampled_from(("", "", "?", "*", "+", "{2}", "{1,3}", "{2,}", "+?", "*?"))
_REGEXES = st.lists(st.tuples(_PIECES, _TIMES).map("".join), min_size=1, max_size=5)


@FIXED
@given(pieces=_REGEXES, anchored=st.booleans(), seed=st.integers(0, 99))
def test_a_text_is_matched_by_its_pattern(pieces: list[str], anchored: bool, seed: int) -> None:
    pattern = f"^{''.join(pieces)}$" if anchored else "".join(pieces)
    assert re.search(pattern, matching(pattern, 0, 2000, random.Random(seed)))


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("seed", range(5))
def test_common_patterns_are_matched(pattern: str, seed: int) -> None:
    assert re.search(pattern, matching(pattern, 0, 2000, random.Random(seed)))


@pytest.mark.parametrize(
    ("pattern", "low", "high"),
    [
        ("^[a-z]+$", 30, 30),
        ("^[a-z]+-[a-z]+$", 10, 10),
        ("x", 5, 5),
        (r"^\d*$", 0, 3),
        ("^a+b+$", 7, 8),
    ],
)
def test_the_length_is_kept(pattern: str, low: int, high: int) -> None:
    text = matching(pattern, low, high, random.Random(1))
    assert re.search(pattern, text)
    assert low <= len(text) <= high


@pytest.mark.parametrize("pattern", ["(", r"\p{L}", "(?<name>a)", "^a$"])
def test_a_pattern_that_cannot_be_matched_is_refused(pattern: str) -> None:
    with pytest.raises(Unsatisfiable):
        matching(pattern, 2, 3, random.Random(1))
