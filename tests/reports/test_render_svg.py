"""Pieces of a chart, and how a timeline is thinned."""

from __future__ import annotations

import pytest

from reports.render import series, svg
from tests.reports.conftest import stored


@pytest.mark.parametrize(
    ("high", "wanted", "ticks"),
    [
        (0.41, 4, [0, 0.2, 0.4, 0.6]),
        (62, 3, [0, 50, 100]),
        (100, 2, [0, 50, 100]),  # no step beyond the highest value
        (1, 2, [0, 0.5, 1]),
    ],
)
def test_even_ticks_are_round_and_cover_the_highest_value(
    high: float, wanted: int, ticks: list[float]
) -> None:
    assert svg.even_ticks(high, wanted) == pytest.approx(ticks)


def test_ticks_of_memory_are_round_in_binary_units() -> None:
    assert svg.size_ticks(33 * 2**20, 2) == [0, 32 * 2**20, 64 * 2**20]


def test_ticks_of_a_logarithmic_scale_enclose_the_values() -> None:
    low, high, ticks = svg.log_ticks(0.09, 2.1)
    assert (low, high) == (0.05, 5)
    assert ticks == pytest.approx([0.05, 0.1, 0.2, 0.5, 1, 2, 5])
    low, high, ticks = svg.log_ticks(0.001, 1000)
    assert (low, high) == (0.001, 1000)
    assert len(ticks) == 7  # decades only


def test_ticks_of_time_fall_on_moments_a_clock_shows() -> None:
    assert svg.time_ticks(4, 152, 12) == [15.0 * k for k in range(1, 11)]


def test_a_scale_holds_values_outside_at_its_edge() -> None:
    scale = svg.Scale(0.1, 10, 200, 0, log=True)
    assert [scale(v) for v in (0.01, 0.1, 1, 10, 99)] == pytest.approx([200, 200, 100, 0, 0])


def test_a_line_breaks_where_nothing_was_measured() -> None:
    points: list[svg.Point] = [(0, 1), (1, 2), (2, None), (3, 4)]
    assert svg.line_path(points) == "M0.0 1.0h0L1.0 2.0M3.0 4.0h0"


def test_text_and_attributes_are_escaped() -> None:
    assert svg.text(0, 0, "<&>", 'a"b') == '<text x="0" y="0" class="a&quot;b">&lt;&amp;&gt;</text>'


def test_a_spike_survives_the_thinning_of_a_long_run() -> None:
    result = stored("go")
    timeline = result["timeline"]
    steps = 10_000
    for name, values in timeline.items():
        if isinstance(values, list) and name not in {"phases", "faults"}:
            timeline[name] = [1.0] * steps
    timeline["t"] = [float(t) for t in range(steps)]
    timeline["p99"][7_777] = 9.0
    timeline["p99"][100:200] = [None] * 100
    thinned = series.read(result, 500)
    assert thinned is not None
    assert len(thinned.times) == 500
    assert max(thinned.known("p99")) == 9.0
    assert None in thinned.values["p99"]
    assert set(thinned.known("turns_ok")) == {1.0}  # a rate stays a rate


def test_one_missed_sample_is_bridged_but_an_outage_stays_a_gap() -> None:
    result = stored("go")
    memory: list[float | None] = [5.0] * len(result["timeline"]["t"])
    memory[10] = memory[20] = memory[21] = None
    result["timeline"]["redis_bytes"] = memory
    line = series.read(result, 1000)
    assert line is not None
    holes = [index for index, value in enumerate(line.values["redis_bytes"]) if value is None]
    assert holes == [20, 21]


def test_turns_are_shown_per_second_for_every_step() -> None:
    result = stored("go")
    result["timeline"]["step_s"] = 2.0
    result["timeline"]["turns_ok"] = [10] * len(result["timeline"]["t"])
    line = series.read(result, 1000)
    assert line is not None
    assert set(line.known("turns_ok")) == {5.0}
