"""A run on one core: the load is sized to that core, and every report says so."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from harness import parser
from harness.run import read_plan
from harness.run.plan import Plan
from harness.run.rehearse.sizing import SHARE
from tests.harness import command

pytestmark = [
    pytest.mark.run,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux binds processes to cores"),
]
BASE_RATE = 25.0
"""Conversations a second: 60 turns, of which one core carries more or fewer."""


@contextmanager
def one_core() -> Iterator[None]:
    """Processes started inside may run on one core only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def plan(*words: str) -> Plan:
    return read_plan.from_args(parser.build().parse_args(["readiness", *words]))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, dict[str, Any]]:
    """The run directory, the terminal output, and the result."""
    folder = tmp_path_factory.mktemp("one-core")
    heavy = folder / "heavy.toml"
    text = (command.HERE / "tiny.toml").read_text()
    assert "base_rate = 4\n" in text
    heavy.write_text(text.replace("base_rate = 4\n", f"base_rate = {BASE_RATE}\n"))
    options = ("--replicas", "2", "--redis", "bundled", "--experiment", "none", "--seed", "7")
    with one_core():
        finished = command.run(
            "readiness", "--profile", str(heavy), *options, "--out", str(folder / "runs")
        )
    run_dir = command.only_run(folder / "runs")
    result: dict[str, Any] = json.loads((run_dir / "result.json").read_text())
    return run_dir, finished.stderr + finished.stdout, result


def test_the_load_is_sized_to_the_core_and_the_core_is_never_convicted(
    run: tuple[Path, str, dict[str, Any]],
) -> None:
    run_dir, said, result = run
    assert result["verdict"] in ("GO", "INCONCLUSIVE"), said
    sizing = result["sizing"]
    assert (sizing["mode"], sizing["cores"]) == ("auto", 1)
    assert sizing["turns"] >= 50
    assert sizing["carries_turns_per_s"] == pytest.approx(1 / sizing["cpu_s_per_turn"])
    asked = sizing["planned_peak_turns_per_s"]
    share = math.floor(100 * SHARE * sizing["carries_turns_per_s"] / asked) / 100
    assert sizing["factor"] == min(1.0, share)
    assert sizing["peak_turns_per_s"] == pytest.approx(sizing["factor"] * asked)
    assert result["profile"]["load"]["base_rate"] == BASE_RATE * sizing["factor"]
    assert json.loads((run_dir / "run.json").read_text())["sizing"] == sizing
    jsonschema.validate(
        result, json.loads((command.ROOT / "reports" / "result.schema.json").read_text())
    )


def test_the_arrivals_are_those_of_the_sized_profile(
    run: tuple[Path, str, dict[str, Any]],
) -> None:
    _, _, result = run
    planned = result["turns"]["conversations_planned"]
    expected = BASE_RATE * result["sizing"]["factor"] * 8
    assert abs(planned - expected) < 5 * math.sqrt(expected)


def test_the_sizing_stands_on_the_terminal_before_and_after_the_load(
    run: tuple[Path, str, dict[str, Any]],
) -> None:
    _, said, result = run
    scaled = result["sizing"]["factor"] < 1
    line = "sized to this machine: " if scaled else "not scaled: tiny at its peak of "
    assert said.count(line) == 2


def test_the_command_and_a_replay_repeat_the_factor(
    run: tuple[Path, str, dict[str, Any]],
) -> None:
    run_dir, _, result = run
    factor = result["sizing"]["factor"]
    assert result["reproduce"][-2:] == ["--scale", f"{factor:g}"]
    again = plan(*result["reproduce"][2:])
    assert (again.scale, again.replayed_scale, again.profile.base_rate) == (factor, 1.0, BASE_RATE)
    replayed = plan("--replay", str(run_dir))
    assert (replayed.scale, replayed.replayed_scale) == (factor, factor)
    assert replayed.profile.base_rate == BASE_RATE * factor
