"""Where the four session services differ, they differ as the table says."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.target_service.processes import RedisServer
from tests.target_service.session_differences import DIFFERENCES, PAGE, Difference, with_table
from tests.target_service.session_services import KINDS, opened


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("row", DIFFERENCES, ids=lambda row: row.probe.__name__)
def test_each_service_answers_as_the_table_says(
    row: Difference, kind: str, bundled: RedisServer, tmp_path: Path
) -> None:
    async def asked() -> str:
        async with opened(kind, bundled.uri, tmp_path) as service:
            return await row.probe(service)

    bundled.client.flushall()
    assert asyncio.run(asked()) == row.answers[KINDS.index(kind)]


@pytest.mark.parametrize("row", DIFFERENCES, ids=lambda row: row.probe.__name__)
def test_the_table_holds_differences_only(row: Difference) -> None:
    assert len(set(row.answers)) > 1


def test_the_page_shows_this_very_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_table(page), "python -m tests.target_service.session_differences"
