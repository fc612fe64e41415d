"""A short calibration: bad systems are convicted of their own defect, the good one is acquitted.

`make calibrate` plays all systems; these get the right verdict on nearly every seed, and the short
profile halves the time of most.
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
        ("memory-sessions", "short"),
        ("stale-cache", "short"),
        ("no-ttl", "short"),
        ("ack-early-redis", "long"),
        ("ours-one-kill", "short"),
        ("ours-failover", "patient"),
        ("ours-cluster", "long"),
    ],
)
def test_a_system_gets_the_verdict_that_it_deserves(
    name: str, profile: str, tmp_path: Path
) -> None:
    system = replace(BY_NAME[name], profile=profile)
    outcome = judge(system, 1, tmp_path)
    assert outcome.right, record.line(outcome)
