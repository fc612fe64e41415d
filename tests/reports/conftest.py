"""Shared by the tests: stored results, golden files with `--update-golden`, convictions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reports.gates import VIOLATIONS
from reports.measures.continuity.all_conversations import counts, take_tallies
from tests.reports import render_fixtures
from tests.reports.a_run import Run
from tests.reports.convictions import Judge

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the current output of the renderers to tests/reports/golden",
    )


@pytest.fixture(params=sorted(render_fixtures.ALL))
def kind(request: pytest.FixtureRequest) -> str:
    """The name of each stored result in turn."""
    return str(request.param)


@pytest.fixture
def result(kind: str) -> dict[str, Any]:
    """Each stored result in turn."""
    return stored(kind)


def stored(kind: str) -> dict[str, Any]:
    """The stored result `kind`."""
    loaded: dict[str, Any] = json.loads((render_fixtures.FIXTURES / f"{kind}.json").read_text())
    return loaded


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with a golden file, or write it when `--update-golden` is given."""
    update = bool(request.config.getoption("--update-golden", default=False))

    def compare(name: str, text: str) -> None:
        file = GOLDEN / name
        if update:
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8"), f"{name}: see --update-golden"

    return compare


@pytest.fixture
def convictions(tmp_path: Path) -> Judge:
    """The classes that a run is convicted of, with their counts."""

    def judge(run: Run) -> dict[str, int]:
        found = counts(take_tallies(run.history(tmp_path)))
        return {kind: found[kind] for kind in VIOLATIONS if found[kind]}

    return judge
