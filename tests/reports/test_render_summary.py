"""summary.md."""

from __future__ import annotations

from typing import Any

import pytest

from reports.render import summary_md
from tests.reports.conftest import stored


@pytest.mark.parametrize(
    ("hostile", "text"),
    [
        ("<b>&", "&lt;b&gt;&amp;"),
        ("a|b", r"a\|b"),
        ("`x` *y* _z_", r"\`x\` \*y\* \_z\_"),
        ("[a](b)", r"\[a\](b)"),
        ("@everyone #12", r"@<!-- -->everyone \#12"),
        ("two\nlines", "two lines"),
    ],
)
def test_foreign_text_stays_text(hostile: str, text: str) -> None:
    assert summary_md.escape(hostile) == text


def test_every_row_of_a_table_has_the_cells_of_its_head(result: dict[str, Any]) -> None:
    result["headline"] = "a | b"
    for gate in result["gates"]:
        gate["summary"] = "pipes | and\nlines"
    lines = summary_md.render(result).splitlines()
    width = 0
    for above, line in zip(["", *lines], lines, strict=False):
        cells = line.replace("\\|", "").count("|")
        if line.startswith("|"):
            width = cells if not above.startswith("|") else width
            assert cells == width, line


def test_the_verdict_is_the_first_line() -> None:
    assert summary_md.render(stored("no_go")).splitlines()[0] == "## ❌ NO-GO"


def test_a_sparkline_starts_at_zero_and_leaves_gaps() -> None:
    assert summary_md.sparkline([0, 50, None, 100]) == "▁▅ █"
    assert summary_md.sparkline([0, 0]) == "▁▁"


def test_a_fault_is_marked_above_the_column_in_which_it_begins() -> None:
    result = stored("go")
    lines = summary_md.render(result).splitlines()
    marks = next(line for line in lines if line.startswith("faults "))
    columns = [marks.index(number) - 14 for number in "1234"]
    # 152 steps of a second in columns of 3 seconds.
    assert columns == [int(fault["start"] // 3) for fault in result["faults"]]
