"""The page shows the committed measurement, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import parser
from tests.versus_sessions import measured, table
from tests.versus_sessions.services import SERVICES

PAGE = Path(__file__).parents[2] / "docs" / "session-services.md"


def test_a_page_without_the_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="must hold the lines <!-- measured: begin -->"):
        table.updated("# A page\n", measured.read(measured.FILE))


def test_the_page_shows_the_committed_measurement() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert table.updated(page, measured.read(measured.FILE)) == page, (
        "python -m tests.versus_sessions --from tests/versus_sessions/measured.json "
        "--update docs/session-services.md"
    )


def test_the_measurement_has_every_service_and_commands_that_diya_takes() -> None:
    rows = measured.read(measured.FILE).rows
    assert [row.name for row in rows] == [each.name for each in SERVICES]
    for row in rows:
        for each in filter(None, (row.calm, row.replicas, row.store)):
            parser.build().parse_args(each.command)
