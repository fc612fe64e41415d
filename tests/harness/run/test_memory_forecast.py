from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness import parser
from harness.run import memory_forecast, read_plan
from harness.run.plan import Plan
from loadtests.arrivals.forecast import forecast
from reports.records.forecast import read


def _plan(*options: str) -> Plan:
    arguments = ["readiness", "--profile", "smoke", "--seed", "3", *options]
    return read_plan.from_args(parser.build().parse_args(arguments))


def test_the_forecast_written_is_that_of_the_seed_and_the_server(tmp_path: Path) -> None:
    plan = _plan()
    memory_forecast.write(tmp_path, plan, "valkey")
    written = read(tmp_path)
    assert written is not None
    ahead = forecast(plan.profile, 3, server="valkey")
    assert written.step_s == ahead.step_s
    assert written.peak == pytest.approx(max(ahead.memory), abs=1)


def test_a_load_that_was_scaled_down_is_forecast_as_such(tmp_path: Path) -> None:
    plan = _plan()
    profile = replace(plan.profile, base_rate=plan.profile.base_rate * 50)
    peaks = []
    for scale in (1.0, 0.5):
        scaled = replace(profile, base_rate=profile.base_rate * scale)
        memory_forecast.write(tmp_path, replace(plan, profile=scaled), "redis")
        written = read(tmp_path)
        assert written is not None
        peaks.append(written.peak)
    assert peaks[1] < 0.7 * peaks[0]


@pytest.mark.parametrize(
    "options",
    [
        ("--sessions", "memory"),
        ("--topology", "cluster"),
        ("--target", "http://127.0.0.1:9"),
        ("--redis", "redis://127.0.0.1:9"),
    ],
)
def test_sizes_that_were_not_measured_are_not_forecast(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    memory_forecast.write(tmp_path, _plan(*options), "redis")
    assert read(tmp_path) is None
