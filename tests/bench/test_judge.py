"""Judging takes time and memory in proportion to the turns."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.judge import measure, write_run

pytestmark = [pytest.mark.service, pytest.mark.slow]

SMALL, LARGE = 8_000, 48_000


@pytest.mark.parametrize(("sound", "verdict"), [(True, "GO"), (False, "NO-GO")])
def test_six_times_the_turns_take_far_less_than_thirty_six_times_as_long(
    tmp_path: Path, sound: bool, verdict: str
) -> None:
    judging = {}
    for turns in (SMALL, LARGE):
        write_run(tmp_path / str(turns), turns, sound=sound)
        judging[turns] = measure(tmp_path / str(turns))
        assert judging[turns].verdict == verdict
        assert judging[turns].acknowledged == turns
    # Quadratic would be 36 times; the machine may be twice as slow the second time.
    assert judging[LARGE].cpu_seconds < 15 * judging[SMALL].cpu_seconds
    # About 110 bytes a turn; a record held in memory takes 600.
    grown = judging[LARGE].rss_bytes - judging[SMALL].rss_bytes
    assert grown < (LARGE - SMALL) * 350
