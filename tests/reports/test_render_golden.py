"""The outputs of three stored results, character by character."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonschema

from reports.render import junit, summary_md, terminal
from reports.verdict.judge import SCHEMA_FILE
from tests.reports import render_fixtures


def test_the_stored_results_equal_those_of_their_generator(kind: str) -> None:
    file = render_fixtures.FIXTURES / f"{kind}.json"
    assert file.read_text() == render_fixtures.dump(render_fixtures.ALL[kind]())


def test_the_stored_results_keep_to_the_published_schema(result: dict[str, Any]) -> None:
    jsonschema.validate(result, json.loads(SCHEMA_FILE.read_text()))


def test_the_terminal_screen_is_as_it_was(
    kind: str, result: dict[str, Any], golden: Callable[[str, str], None]
) -> None:
    golden(f"{kind}.txt", terminal.render(result, False, 80, "runs/example/report.html"))


def test_the_summary_is_as_it_was(
    kind: str, result: dict[str, Any], golden: Callable[[str, str], None]
) -> None:
    golden(f"{kind}.md", summary_md.render(result))


def test_the_junit_file_is_as_it_was(
    kind: str, result: dict[str, Any], golden: Callable[[str, str], None]
) -> None:
    golden(f"{kind}.xml", junit.render(result))
