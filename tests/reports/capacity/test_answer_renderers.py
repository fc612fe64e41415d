"""The sheet in every format, character by character, and what the formats promise."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from reports.capacity import answer, prices
from reports.capacity.answer import AnswerSheet
from reports.capacity.sheet import build
from reports.figures.figure import Figure, Label
from reports.render.answer import charts, files, markdown, page, terminal, view
from tests.reports.capacity.a_capacity_run import TODAY, findings, night, nothing, target

HOSTILE = '<script>alert("x")</script> & | `rm` \x1b[31mred\x1b[0m \u202egnp.exe @everyone'
RUN = "runs/20261127T133000Z-capacity-diwali-41"


@pytest.fixture(params=["night", "rate", "nothing"])
def name(request: pytest.FixtureRequest) -> str:
    """The name of each sheet in turn."""
    return str(request.param)


@pytest.fixture
def sheet(name: str) -> AnswerSheet:
    """A night, a rate, and a run that measured nothing."""
    found, asked = {
        "night": (findings(), night()),
        "rate": (findings(), target(300)),
        "nothing": (nothing(), night()),
    }[name]
    return build(found, asked, TODAY, prices.read(), run=RUN)


@pytest.fixture
def hostile() -> AnswerSheet:
    """A sheet in which everything that comes from elsewhere is hostile."""
    probes = tuple(replace(probe, reasons=(HOSTILE,)) for probe in findings().probes)
    found = findings(profile=HOSTILE, agent=HOSTILE, notes=(HOSTILE,), probes=probes)
    return build(found, target(300, name=HOSTILE), TODAY, prices.read(), run=HOSTILE)


def test_the_json_is_as_it_was(
    name: str, sheet: AnswerSheet, golden: Callable[[str, str], None]
) -> None:
    golden(f"answer-{name}.json", answer.to_json(sheet))


def test_the_terminal_is_as_it_was(
    name: str, sheet: AnswerSheet, golden: Callable[[str, str], None]
) -> None:
    golden(f"answer-{name}.txt", terminal.render(sheet, False, f"{RUN}/report.html"))


def test_the_markdown_is_as_it_was(
    name: str, sheet: AnswerSheet, golden: Callable[[str, str], None]
) -> None:
    golden(f"answer-{name}.md", markdown.render(sheet))


def test_the_page_is_as_it_was(
    name: str, sheet: AnswerSheet, golden: Callable[[str, str], None]
) -> None:
    # The styles have a golden of their own: their file.
    golden(f"answer-{name}.html", re.sub(r"<style>.*</style>", "", page.render(sheet), flags=re.S))


def test_no_line_of_the_terminal_is_wider_than_100_columns(
    sheet: AnswerSheet, hostile: AnswerSheet
) -> None:
    for each in (sheet, hostile):
        assert max(map(len, terminal.render(each, False).splitlines())) <= 100


def test_colours_change_no_character(sheet: AnswerSheet) -> None:
    colored = terminal.render(sheet, True)
    assert "\x1b[" in colored
    assert re.sub(r"\x1b\[[\d;]*m", "", colored) == terminal.render(sheet, False)


def test_every_line_shows_its_label_in_every_format(sheet: AnswerSheet) -> None:
    rows = [row for _, rows in view.parts(sheet) for row in rows]
    assert len(rows) == len(sheet.lines)
    for text in (
        terminal.render(sheet, False),
        markdown.render(sheet),
        page.render(sheet),
    ):
        for row in rows:
            assert row.value in text
    for label in Label:
        count = sum(row.label is label for row in rows)
        assert page.render(sheet).count(f'<td><span class="tag {label.value}">') == count


def test_hostile_text_is_harmless_everywhere(hostile: AnswerSheet) -> None:
    told = terminal.render(hostile, False, HOSTILE)
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert "<script>" not in page.render(hostile)
    summary = markdown.render(hostile)
    assert "<script>" not in summary
    assert "@everyone" not in summary


def test_the_charts_are_well_formed_and_named(sheet: AnswerSheet) -> None:
    for place, chart in enumerate(sheet.charts):
        tree = ElementTree.fromstring(charts.draw(chart, f"chart-{place}"))
        assert tree[0].text == chart.title
        for series in chart.series:
            assert series.name in charts.legend(chart)


def test_the_charts_of_a_night_are_four() -> None:
    made = build(findings(), night(), TODAY, prices.read(), run=RUN)
    assert [chart.title for chart in made.charts] == [
        "Latency against load, one replica",
        "Replicas against the target",
        "Memory against sessions, one Redis",
        "Headroom through the night",
    ]


def test_a_sheet_without_measurements_has_no_chart() -> None:
    made = build(nothing(), night(), TODAY, prices.read(), run=RUN)
    assert made.charts == ()
    assert "Nothing was measured that could be drawn" in page.render(made)


@pytest.mark.parametrize(
    ("figure", "shown", "interval"),
    [
        ((0.0284, "s", 0.0278, 0.029), "28 ms", "28 – 29 ms"),
        ((31.5, "turns/s", 30.6, 32.1), "31.5 turns/s", "30.6 – 32.1"),
        ((42, "replicas", 42, 42), "42 replicas", ""),
        ((1, "shards", None, None), "1 shard", ""),
        ((30, "turns/s", 30, None), "30 turns/s", "30 or more"),
        ((41, "replicas", None, 41), "41 replicas", "41 or less"),
        ((4.1, "USD", 3.9, 4.3), "4.10 USD", "3.90 – 4.30"),
        ((-0.55, "share", -0.6, -0.5), "-55 %", "-60 to -50"),
        ((12_345_678, "sessions", None, None), "12,345,678 sessions", ""),
        ((2**30, "bytes", 1e9, 1.2e9), "1 GiB", "954 MiB – 1.12 GiB"),
    ],
)
def test_a_figure_is_written_in_its_unit(
    figure: tuple[float, str, float | None, float | None], shown: str, interval: str
) -> None:
    value, unit, low, high = figure
    made = Figure(value=value, unit=unit, label=Label.MEASURED, low=low, high=high)
    assert (view.value(made), view.interval(made)) == (shown, interval)


def test_the_files_are_written_whole(sheet: AnswerSheet, tmp_path: Path) -> None:
    files.write_all(tmp_path, sheet)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "answer.json",
        "answer.md",
        "report.html",
    ]
