"""A comparison in every format, character by character, and what the formats promise."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import jsonschema
import msgspec
import pytest
from msgspec.structs import replace

from harness.reference import comparison as reference
from reports.comparison.model import Comparison, Word
from reports.render.comparison import files, junit, markdown, page, terminal, timelines, view
from tests.reports.comparison import a_comparison
from tests.reports.comparison.a_comparison import CHANGES, FACTS, change

HOSTILE = '<script>alert("x")</script> & | `rm` \x1b[31mred\x1b[0m \u202egnp.exe @everyone'
REPORT = "comparison/comparison.html"


@pytest.fixture(params=sorted(a_comparison.ALL))
def name(request: pytest.FixtureRequest) -> str:
    """The name of each comparison in turn."""
    return str(request.param)


@pytest.fixture
def made(name: str) -> Comparison:
    """Each comparison in turn."""
    return a_comparison.ALL[name]()


@pytest.fixture
def hostile() -> Comparison:
    """A comparison in which everything that comes from elsewhere is hostile."""
    given = a_comparison.one_run()
    return replace(
        given,
        headline=HOSTILE,
        a=replace(given.a, label=HOSTILE, runs=(HOSTILE,), verdicts=(HOSTILE,)),
        differences=tuple(
            replace(each, title=HOSTILE, a=HOSTILE, b=HOSTILE, why=HOSTILE)
            for each in given.differences
        ),
        facts=(replace(FACTS[0], key=HOSTILE, title=HOSTILE, a=HOSTILE, b=HOSTILE),),
        changes=tuple(
            replace(each, key=HOSTILE, title=HOSTILE, why=HOSTILE) for each in given.changes
        ),
    )


def test_the_terminal_is_as_it_was(
    name: str, made: Comparison, golden: Callable[[str, str], None]
) -> None:
    golden(f"comparison-{name}.txt", terminal.render(made, False, REPORT))


def test_the_markdown_is_as_it_was(
    name: str, made: Comparison, golden: Callable[[str, str], None]
) -> None:
    golden(f"comparison-{name}.md", markdown.render(made))


def test_the_junit_file_is_as_it_was(
    name: str, made: Comparison, golden: Callable[[str, str], None]
) -> None:
    golden(f"comparison-{name}.xml", junit.render(made))


def test_the_page_is_as_it_was(
    name: str, made: Comparison, golden: Callable[[str, str], None]
) -> None:
    # The styles and the script have a golden of their own: their files.
    shown = re.sub(r"<(style|script)>.*?</\1>", "", page.render(made), flags=re.S)
    golden(f"comparison-{name}.html", re.sub(r"'sha256-[^']*'", "", shown))


def test_the_json_is_as_it_was(golden: Callable[[str, str], None]) -> None:
    golden("comparison-undecided.json", files.to_json(a_comparison.undecided()))


def test_the_schema_is_that_of_the_types(golden: Callable[[str, str], None]) -> None:
    golden(str(reference.SCHEMA), reference.schema())


def test_the_json_keeps_to_the_schema_and_is_read_back(made: Comparison) -> None:
    text = files.to_json(made)
    jsonschema.validate(json.loads(text), json.loads(reference.SCHEMA.read_text()))
    assert msgspec.json.decode(text, type=Comparison) == made


def test_no_line_of_the_terminal_is_wider_than_100_columns(
    made: Comparison, hostile: Comparison
) -> None:
    for each in (made, hostile):
        assert max(map(len, terminal.render(each, False).splitlines())) <= 100


def test_colours_change_no_character(made: Comparison) -> None:
    colored = terminal.render(made, True)
    assert "\x1b[" in colored
    assert re.sub(r"\x1b\[[\d;]*m", "", colored) == terminal.render(made, False)


def test_every_word_and_every_value_is_in_every_format(made: Comparison) -> None:
    for text in (terminal.render(made, False), markdown.render(made), page.render(made)):
        assert str(made.word) in text.lower()
        for row in view.rows(made):
            for shown in (row.a, row.b, row.change, row.interval, row.detectable):
                assert shown in text


def test_a_difference_that_forbids_something_says_so_in_every_format() -> None:
    made = a_comparison.one_run()
    for text in (terminal.render(made, False), markdown.render(made), page.render(made)):
        told = "figures that depend on the machine: A was played on another machine"
        assert told in text
    assert "A was played on another machine" in junit.render(made)


def test_several_differences_with_one_reason_say_it_once() -> None:
    given = a_comparison.other_load()
    names = ("Profile", "TTL", "Faults", "Phases")
    made = replace(
        given,
        differences=tuple(replace(given.differences[0], title=name, a="x" * 99) for name in names),
    )
    told = (
        "Profile, TTL, Faults and 1 more differ, which forbids all figures: B played another load"
    )
    assert view.forbidden(made) == [told]
    screen = terminal.render(made, False)
    assert screen.count("forbids all figures") == 1
    assert "x" * 60 not in screen  # a long value is cut on the screen only
    assert page.render(made).count("x" * 99) == len(names)


def test_one_run_a_side_shows_differences_and_no_statement() -> None:
    made = a_comparison.one_run()
    for text in (terminal.render(made, False), markdown.render(made), page.render(made)):
        assert "one run a side has no spread" in text
        assert "+10.3 %" in text
        assert not re.search(r"\b(worse|better|undecided)\b", text)


def test_hostile_text_is_harmless_everywhere(hostile: Comparison) -> None:
    told = terminal.render(hostile, False, HOSTILE) + terminal.word_line(hostile, HOSTILE)
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert "<script>alert" not in page.render(hostile)
    summary = markdown.render(hostile)
    assert "<script>" not in summary
    assert "@everyone" not in summary
    assert ElementTree.fromstring(junit.render(hostile)) is not None


def cases(text: str) -> dict[str, str]:
    """Test case → `passed` or the tag of its problem."""
    suite = ElementTree.fromstring(text).find("testsuite")
    assert suite is not None
    found = suite.findall("testcase")
    for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.attrib[count]) == sum(case.find(tag) is not None for case in found)
    assert int(suite.attrib["tests"]) == len(found)
    return {case.attrib["name"]: case[0].tag if len(case) else "passed" for case in found}


def test_each_row_is_a_test_case_and_a_worse_one_fails() -> None:
    made = a_comparison.comparison()
    found = cases(junit.render(made))
    assert len(found) == len(FACTS) + len(CHANGES)
    assert found["Acknowledged turns lost"] == "failure"
    assert found["Replica CPU a turn"] == "failure"
    assert found["Redis bytes a turn"] == "passed"
    assert found["p50 in the steady state"] == "skipped"
    assert found["Recovery from kill-redis-1"] == "skipped"


def test_undecided_is_an_error_in_the_junit_file_only_on_demand() -> None:
    made = a_comparison.undecided()
    assert cases(junit.render(made))["p50 in the steady state"] == "skipped"
    assert cases(junit.render(made, undecided_fails=True))["p50 in the steady state"] == "error"


def test_no_statement_is_an_error_in_the_junit_file_only_on_demand() -> None:
    made = a_comparison.one_run()
    assert set(cases(junit.render(made)).values()) == {"skipped"}
    assert cases(junit.render(made, undecided_fails=True))["A statement can be made"] == "error"


def test_the_junit_file_has_the_time_of_the_newest_run() -> None:
    suite = ElementTree.fromstring(junit.render(a_comparison.comparison())).find("testsuite")
    assert suite is not None
    assert suite.attrib["timestamp"] == "2026-11-27T04:09:00"


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (None, "s", "–"),
        (0.0114, "s", "11.4 ms"),
        (0.1602, "s", "160 ms"),
        (0.000213, "s", "213 µs"),
        (1.51, "s", "1.51 s"),
        (0.0, "s", "0 s"),
        (212.4, "µs", "212 µs"),
        (5.25, "round trips", "5.25 round trips"),
        (2467.0, "bytes", "2.41 KiB"),
        (0.0012, "share", "0.12 %"),
    ],
)
def test_a_value_is_written_with_three_digits(value: float | None, unit: str, shown: str) -> None:
    assert view.value(value, unit) == shown


@pytest.mark.parametrize(
    ("a", "b", "ratio", "shown"),
    [
        (1.0, 1.1, 1.102, "+10.2 %"),
        (1.0, 1.1, None, "+10.0 %"),
        (1.0, 0.99996, 0.99996, "0.0 %"),
        (1.0, 3.5, 3.5, "+250 %"),
        (0.0, 0.0, None, "0.0 %"),
        (0.0, 2.0, None, "from 0 s"),
        (None, 2.0, None, "–"),
    ],
)
def test_a_change_is_a_percentage_of_a(
    a: float | None, b: float | None, ratio: float | None, shown: str
) -> None:
    each = change("p50", "p50", "s", a, b, Word.UNDECIDED, ratio=ratio)
    assert view.row(each).change == shown


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (0.985, 1.045, "-1.5 to +4.5 %"),
        (3.0, 3.08, "+200 to +208 %"),
        (0.03, 40.0, "-97.0 to > +900 %"),
        (0.0, float("inf"), "-100 to > +900 %"),
        (None, None, ""),
    ],
)
def test_an_interval_is_written_in_percent(
    low: float | None, high: float | None, shown: str
) -> None:
    each = change("p50", "p50", "s", 1.0, 1.1, Word.UNDECIDED, low=low, high=high)
    assert view.interval(each) == shown


def test_an_immense_interval_breaks_no_format() -> None:
    each = change(
        *("p50", "p50", "s", 1.0, 1.1, Word.UNDECIDED),
        low=0.0,
        high=1e30,
        detectable=1e30,
    )
    made = replace(a_comparison.undecided(), changes=(each,))
    told = terminal.render(made, False)
    assert "-100 to > +900 %" in told
    assert max(map(len, told.splitlines())) <= 100
    assert page.render(made).count('class="arrow"') == 2


def test_both_timelines_begin_with_their_load_and_keep_their_own_faults() -> None:
    lines = timelines.read(a_comparison.comparison())
    assert {side: (line.load_start, line.load_end) for side, line in lines.items()} == {
        "A": (0.0, 30.0),
        "B": (0.0, 30.0),
    }
    assert lines["A"].faults == [("kill-redis-1", 12.0, 13.0, 13.0)]
    assert lines["B"].faults == [("kill-redis-1", 12.0, 15.0, 13.0)]


def test_both_latencies_are_drawn_on_one_scale() -> None:
    chart = timelines.plot(a_comparison.comparison())
    ticks = re.findall(r'text-anchor="end">([\d.]+ m?s)</text>', chart)
    assert len(ticks) % 2 == 0
    assert ticks[: len(ticks) // 2] == ticks[len(ticks) // 2 :]
    assert ticks[-1] == "5 s"  # B's slowest second took 4.2 s, A's 2.2 s


def test_a_side_without_a_timeline_is_drawn_empty() -> None:
    chart = timelines.plot(a_comparison.one_run())
    assert chart.count("not measured in this run") == 3
    assert timelines.plot(a_comparison.other_load()) == ""


def test_the_files_are_written_whole(made: Comparison, tmp_path: Path) -> None:
    files.write_all(tmp_path / "new" / "folder", made)
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == [
        "comparison.html",
        "comparison.json",
        "comparison.md",
        "junit.xml",
    ]
