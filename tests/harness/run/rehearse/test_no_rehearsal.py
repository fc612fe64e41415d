"""`--no-rehearsal`: the load begins at once, as it was asked for."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from harness import parser
from harness.run import read_plan
from harness.run.plan import Plan
from harness.run.progress import Progress
from harness.run.rehearse.rehearsed import rehearsed

FLEET: Any = object()
"""Nobody asks it anything."""


def unrehearsed(folder: Path, fleet: Any, *words: str) -> tuple[Plan, Plan, str]:
    """The plan before and after, and the message."""
    options = ["readiness", "--no-rehearsal", "--seed", "3", *words]
    before = read_plan.from_args(parser.build().parse_args(options))
    said = io.StringIO()
    return before, rehearsed(before, folder, fleet, Progress(said)), said.getvalue()


def test_a_fleet_that_was_not_rehearsed_gets_the_whole_load_and_that_is_said(
    tmp_path: Path,
) -> None:
    before, after, said = unrehearsed(tmp_path, FLEET)
    assert after == before
    assert after.description().sizing is None
    assert "no rehearsal: the capacity of this machine is not known" in said


@pytest.mark.parametrize("target", [(), ("--target", "http://127.0.0.1:8000")])
def test_a_factor_that_was_given_holds_without_a_rehearsal(
    tmp_path: Path, target: tuple[str, ...]
) -> None:
    fleet = None if target else FLEET
    before, after, said = unrehearsed(tmp_path, fleet, "--scale", "0.5", *target)
    assert after.profile.base_rate == before.profile.base_rate / 2
    sizing = after.description().sizing
    assert sizing is not None
    assert (sizing.mode, sizing.factor, sizing.cpu_s_per_turn) == ("given", 0.5, None)
    assert "sized as asked: 0.5 × diwali, peak 35 of 70 turns/s" in said
    assert list(after.command).count("--scale") == 1


def test_a_target_gets_the_load_that_was_asked_for(tmp_path: Path) -> None:
    before, after, _ = unrehearsed(tmp_path, None, "--target", "http://127.0.0.1:8000")
    assert after == before
