"""The history in a terminal, on its page and as JSON."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

from reports.history.build import build
from reports.render.history import files, page, sparkline, terminal
from tests.reports.history.a_folder import a_result, placed, stepped
from tests.reports.render_fixtures import HOSTILE


def test_a_sparkline_has_one_character_a_run() -> None:
    assert sparkline.draw([1.0, None, 1.6, 2.0]) == "▁·▅█"
    assert sparkline.draw([1.0, 2.0], breaks={1}) == "▁│█"


def test_noise_does_not_fill_the_height_of_a_sparkline() -> None:
    drawn = sparkline.draw([1.0, 1.01, 0.99, 1.0])
    assert not set(drawn) & set("▁▂▇█")


def test_a_series_of_zeros_is_drawn() -> None:
    assert sparkline.draw([0.0, 0.0]) == "▁▁"
    assert sparkline.draw([None]) == "·"


def test_the_screen_shows_the_latest_runs_the_curves_and_the_hint() -> None:
    results = stepped(16, at=9, step=0.2)
    results[14]["verdict"] = "NO-GO"
    screen = terminal.render(build("runs", placed(results), ()), False, "runs/history.html")
    assert screen.startswith("runs: 16 runs of 1 set-up, 2026-11-01 to 2026-11-16\n")
    assert "2026-11-15 13:30  NO-GO" in screen
    assert "2026-11-04" not in screen.partition("\n")[2]
    assert "and 4 earlier runs on the page" in screen
    assert re.search(r"^  p99 +[▁▂▃▄▅▆▇█]{16}  405 ms … ", screen, re.MULTILINE)
    assert "p99 rose by" in screen
    assert "no verdict" in screen
    assert screen.endswith("Report  runs/history.html\n")


def test_a_new_machine_is_marked_in_the_curves_that_depend_on_it() -> None:
    results = [a_result(day + 1) for day in range(4)]
    results[2]["environment"]["machine"] = results[3]["environment"]["machine"] = "b" * 12
    screen = terminal.render(build("runs", placed(results), ()), False)
    assert re.search(r"^  p99 +\S\S│\S\S ", screen, re.MULTILINE)
    assert re.search(r"^  Redis bytes a turn +[^│ ]{4} ", screen, re.MULTILINE)
    assert "│: the machine changed: values on its two sides are not compared." in screen
    assert "m1: aaaaaaaaaaaa, m2: bbbbbbbbbbbb" in screen


def test_colours_are_written_only_where_they_are_asked_for() -> None:
    history = build("runs", placed([a_result(1)]), ())
    assert "\x1b" not in terminal.render(history, False)
    assert "\x1b[32mGO\x1b[0m" in terminal.render(history, True)


class _Tags(HTMLParser):
    """Counts elements; an element that is not closed fails the test."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attributes: object) -> None:
        self.seen.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attributes: object) -> None:
        self.seen.append(tag)


def test_the_page_draws_each_figure_and_marks_the_change() -> None:
    written = page.render(build("runs", placed(stepped(16, at=9, step=0.2)), ()))
    tags = _Tags()
    tags.feed(written)
    assert tags.open == []
    assert tags.seen.count("svg") == 4
    assert tags.seen.count("tr") == 17
    assert written.count('class="change"') == 1
    assert 'class="cut"' not in written


def test_text_of_a_run_is_escaped() -> None:
    result = a_result(1)
    result["environment"]["sessions"] = result["name"] = result["profile"]["name"] = HOSTILE
    history = build("runs", [(HOSTILE, result)], (HOSTILE,))
    written = page.render(history)
    assert "<script" not in written
    assert "\x1b" not in terminal.render(history, False)
    assert "\u202e" not in written


def test_the_json_holds_every_run_and_hint() -> None:
    read = json.loads(files.to_json(build("runs", placed(stepped(16, at=9, step=0.2)), ("x.",))))
    (group,) = read["groups"]
    assert read["schema_version"] == 1
    assert len(group["runs"]) == 16
    assert [hint["figure"] for hint in group["hints"]] == ["p99"]
    assert read["skipped"] == ["x."]
