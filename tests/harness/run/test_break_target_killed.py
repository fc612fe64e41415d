"""The harness is ended in the middle of a fault at a target: the target is healed."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.prove import heals


@pytest.mark.run
@pytest.mark.parametrize(
    ("phase", "number"),
    [
        ("before", signal.SIGKILL),
        ("inject", signal.SIGKILL),
        ("hold", signal.SIGKILL),
        ("hold", signal.SIGINT),
        ("heal", signal.SIGKILL),
        ("heal", signal.SIGHUP),
    ],
)
def test_a_target_is_healed_when_the_harness_is_ended(
    tmp_path: Path, phase: str, number: signal.Signals
) -> None:
    assert heals.ended_in(phase, number, heals.STEP_S / 2, tmp_path) <= heals.LIMIT_S
