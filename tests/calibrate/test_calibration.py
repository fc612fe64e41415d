"""A short calibration: bad systems are convicted of their own defect, the good one is acquitted.

`make calibrate` plays all systems; these get the right verdict on nearly every seed, and the short
profile halves the time of most.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.calibrate import beside, record
from tests.calibrate.run import judge
from tests.calibrate.systems import BY_NAME
from tests.harness.command import wait_until

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


def test_an_interrupted_calibration_ends_with_one_sentence(tmp_path: Path) -> None:
    """As Ctrl-C does it, which every process of the terminal gets."""
    command = [sys.executable, "-m", "tests.calibrate", "--only", "memory-sessions"]
    calibration = subprocess.Popen(
        [*command, "--out", str(tmp_path)],
        cwd=beside.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_until(lambda: bool(list(tmp_path.glob("*/*/run.json"))), 60, "a run has begun")
    os.killpg(calibration.pid, signal.SIGINT)
    said, complained = calibration.communicate(timeout=120)
    assert calibration.returncode == 105, complained
    assert said == ""
    assert complained.splitlines() == [
        "calibrate: interrupted; no system was judged after the last line"
    ]
