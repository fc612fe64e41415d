"""Whole runs of unmodified agents, whose model diya plays: each gets the verdict that it deserves.

`make calibrate` plays all of them; these are one of each kind, for the half of the time.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.calibrate import record
from tests.calibrate.run import judge
from tests.calibrate.systems import BY_NAME

pytestmark = pytest.mark.calibration


@pytest.mark.timeout(800)  # a busy machine may need three runs
@pytest.mark.parametrize(
    ("name", "profile"),
    [
        ("shop-gemini", "patient"),
        ("shop-litellm", "short"),
        ("shop-team", "short"),
        ("shop-no-history", "short"),
        ("shop-stale-cache", "short"),
        ("shop-amnesia", "long"),
        ("shop-in-memory", "short"),
    ],
)
def test_an_unmodified_agent_gets_the_verdict_that_it_deserves(
    name: str, profile: str, tmp_path: Path
) -> None:
    outcome = judge(replace(BY_NAME[name], profile=profile), 1, tmp_path)
    assert outcome.right, record.line(outcome)
