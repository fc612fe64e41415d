"""How numbers and foreign text are written."""

from __future__ import annotations

import pytest

from reports.render import formatting


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0 s"),
        (0.0073, "7.3 ms"),
        (0.412, "412 ms"),
        (0.9996, "1.00 s"),  # never `1000 ms`
        (3.0, "3 s"),
        (3.123, "3.12 s"),
        (9.996, "10.0 s"),  # never `10.00 s`
        (41.52, "41.5 s"),
        (119.96, "2 min 00 s"),  # never `120.0 s`
        (151.4, "2 min 31 s"),
        (7260, "2 h 01 min"),
        (-0.2, "-200 ms"),
    ],
)
def test_a_duration_has_three_digits_and_the_unit_that_reads_best(
    value: float | None, text: str
) -> None:
    assert formatting.seconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0 B"),
        (812, "812 B"),
        (1024, "1 KiB"),
        (1023.9 * 1024, "1.00 MiB"),  # never `1024 KiB`
        (32.6 * 1024**2, "32.6 MiB"),
        (1.5 * 1024**3, "1.50 GiB"),
        (3 * 1024**4, "3 TiB"),
        (-2048, "-2 KiB"),
    ],
)
def test_an_amount_of_memory_is_written_in_binary_units(value: float | None, text: str) -> None:
    assert formatting.size(value) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (17, "turns", "17 turns"),
        (0.0022, "ratio", "0.22 %"),
        (0.5, "s", "500 ms"),
        (2048, "bytes", "2 KiB"),
        (1.12, "", "1.12"),
        (None, "turns", "–"),
    ],
)
def test_a_gate_speaks_in_its_own_unit(value: float | None, unit: str, text: str) -> None:
    assert formatting.quantity(value, unit) == text


def test_the_limit_of_a_count_does_not_repeat_the_unit() -> None:
    assert formatting.limit(0, "turns") == "0"
    assert formatting.limit(0.8, "s") == "800 ms"
    assert formatting.limit(80, "%") == "80 %"


@pytest.mark.parametrize(("value", "text"), [(7.2, "0:07"), (151, "2:31"), (3751, "1:02:31")])
def test_a_moment_reads_like_a_clock(value: float, text: str) -> None:
    assert formatting.clock(value) == text


def test_foreign_text_becomes_one_harmless_line() -> None:
    hostile = "a\x1b[31mb\r\nc\x00d\u202ee\ud800f\u2028g"
    assert formatting.clean(hostile) == "a\ufffd[31mb  c\ufffdd\ufffde\ufffdf g"
