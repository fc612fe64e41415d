"""report.html, read back."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from reports.render import charts, html, reproduce_command
from tests.reports.conftest import stored

_VOID = {"meta", "br", "hr", "img", "input", "link"}


class _Page(HTMLParser):
    """Checks that tags nest, and collects the parts that tests ask for."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        inside = self.open[-1] if self.open else ""
        if inside in self.raw:
            self.raw[inside].append(data)
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def test_the_page_is_well_nested_and_opens_with_the_verdict(result: dict[str, Any]) -> None:
    page = _Page(html.render(result))
    title, verdict = page.text.split(" ")[:2]
    assert title == f"{result['verdict']}:"
    assert result["name"] in verdict
    for wanted in (result["headline"], *result["reasons"]):
        assert " ".join(wanted.split()) in page.text


def test_the_page_fetches_nothing(result: dict[str, Any]) -> None:
    source = html.render(result)
    for tag, attributes in _Page(source).tags:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base"}
        assert not {"src", "href", "action", "style"} & {*attributes}
    assert re.findall(r"(?:https?:|//[a-z]|@import|url\((?!#))", re.sub(r"// .*", "", source)) == []


def test_the_page_allows_only_its_own_style_and_script(result: dict[str, Any]) -> None:
    page = _Page(html.render(result))
    policy = next(a["content"] for _, a in page.tags if "http-equiv" in a)
    assert "default-src 'none'" in policy
    for content in (page.raw["style"][0], page.raw["script"][-1]):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert not [a for _, a in page.tags for name in a if name.startswith("on")]


def test_hostile_text_anywhere_in_the_result_stays_text() -> None:
    tags = [tag for tag, _ in _Page(html.render(stored("no_go"))).tags]
    poison = '"><script>alert(1)</script><b x=\'\x1b"'
    result = _poisoned(stored("no_go"), poison)
    page = _Page(html.render(result))
    assert "alert(1)" in page.text
    assert all(
        "alert" not in script for script in page.raw["script"] if "addEventListener" in script
    )
    assert [tag for tag, _ in page.tags if tag in {"script", "b"}] == [
        tag for tag in tags if tag in {"script", "b"}
    ]
    assert "\x1b" not in html.render(result)


def _poisoned(value: Any, poison: str) -> Any:
    """`value` with the poison appended to every text that is not a key of our own."""
    if isinstance(value, dict):
        return {
            key: item if key in {"status", "unit"} else _poisoned(item, poison)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_poisoned(item, poison) for item in value]
    return value + poison if isinstance(value, str) else value


def test_all_evidence_is_on_the_page() -> None:
    result = stored("no_go")
    text = _Page(html.render(result)).text
    lines = [line for gate in result["gates"] for line in gate["evidence"]]
    assert len(lines) > 17
    assert all(line.split("<script>")[0].strip() in text for line in lines)


def test_every_fault_is_shaded_and_named_in_the_chart() -> None:
    result = stored("go")
    page = _Page(html.render(result))
    bands = [a for tag, a in page.tags if tag == "rect" and a.get("class") == "band"]
    assert len(bands) == len(result["faults"])
    svg = charts.timeline(result)
    assert all(f">{k} {f['id']}<" in svg for k, f in enumerate(result["faults"], 1))
    assert "(not recovered)" in charts.timeline(stored("no_go"))


def test_a_band_stands_where_its_fault_was_on_the_time_axis() -> None:
    result = stored("go")
    page = _Page(charts.timeline(result))
    chart = next(a for tag, a in page.tags if tag == "svg")
    left, right, start, end = (
        float(chart[f"data-{name}"]) for name in ("left", "right", "start", "end")
    )
    band = next(a for tag, a in page.tags if a.get("class") == "band")
    fault = result["faults"][0]
    scale = (right - left) / (end - start)
    assert float(band["x"]) == pytest.approx(left + (fault["start"] - start) * scale, abs=0.1)
    assert float(band["width"]) == pytest.approx(fault["downtime_s"] * scale, abs=0.1)


def test_many_faults_at_once_do_not_push_the_chart_off_the_screen() -> None:
    result = stored("go")
    fault = result["timeline"]["faults"][0]
    result["timeline"]["faults"] = [{**fault, "id": f"kill-replica-{k}"} for k in range(40)]
    page = _Page(charts.timeline(result))
    height = float(next(a for tag, a in page.tags if tag == "svg")["viewbox"].split()[3])
    assert height < 1000


def test_a_series_that_was_not_measured_says_so_instead_of_drawing_zero() -> None:
    result = stored("go")
    nothing = [None] * len(result["timeline"]["t"])
    for name in ("redis_bytes", "p50", "p99"):
        result["timeline"][name] = nothing
    assert charts.timeline(result).count("not measured in this run") == 2


def test_a_day_long_run_makes_a_page_of_bounded_size() -> None:
    result = stored("go")
    steps = 86_400
    for name, values in result["timeline"].items():
        if isinstance(values, list) and name not in {"phases", "faults"}:
            result["timeline"][name] = [(k * 7919) % 1000 / 7 for k in range(steps)]
    result["timeline"]["t"] = [float(k) for k in range(steps)]
    assert len(html.render(result)) < 400_000


@pytest.mark.parametrize("missing", sorted(stored("go")))
def test_a_page_is_made_with_any_part_of_the_result_missing(missing: str) -> None:
    result = stored("go")
    result[missing] = None
    assert "<h1>" in html.render(result)


def test_the_command_that_plays_the_run_again_is_quoted_for_the_shell() -> None:
    result = stored("go")
    result["reproduce"] = ["diya", "readiness", "--profile", "my profile; rm -rf ~", "A=$(b)"]
    command = reproduce_command.reproduce_command(result)
    assert command == "diya readiness --profile 'my profile; rm -rf ~' A='$(b)'"
    assert "my profile; rm -rf ~" in html.render(result)


def test_the_command_of_an_older_run_is_guessed_and_quoted() -> None:
    result = stored("go")
    del result["reproduce"]
    result["profile"]["name"] = "my profile; rm -rf ~"
    command = reproduce_command.reproduce_command(result)
    assert command.startswith("diya readiness --profile 'my profile; rm -rf ~' --seed 7 ")
    result["profile"]["name"] = "diwali"
    result["environment"]["redis"] |= {"topology": "sentinel", "aof": "always"}
    assert reproduce_command.reproduce_command(result).endswith("--topology sentinel --aof always")
