"""The harness is ended in the middle of a fault at a target: the target is healed."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.prove import heals

_BUSY_S = 90.0
"""Other tests start processes meanwhile, and the service needs seconds of CPU to start again."""


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
    # The limit of 10 s is for a machine with nothing else to do: `make prove-heals` holds it.
    assert heals.ended_in(phase, number, heals.STEP_S / 2, tmp_path, within_s=_BUSY_S) <= _BUSY_S
