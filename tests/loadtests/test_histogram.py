from __future__ import annotations

import math
import random
from pathlib import Path

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from loadtests.generator import hdrlog
from loadtests.generator.histogram import Histogram, bounds, merged

HOUR_NS = 3600 * 10**9


def _latencies(count: int, seed: int = 1) -> list[float]:
    """From microseconds to minutes, with a long tail."""
    rng = random.Random(seed)
    return [rng.lognormvariate(math.log(0.02), 2.0) for _ in range(count)]


def _histogram(values: list[float]) -> Histogram:
    histogram = Histogram()
    for value in values:
        histogram.record(value)
    return histogram


@pytest.mark.parametrize("q", [0.001, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0])
def test_a_quantile_is_within_a_thousandth_of_the_exact_one(q: float) -> None:
    values = _latencies(100_000)
    exact = sorted(values)[max(1, math.ceil(q * len(values))) - 1]
    assert _histogram(values).quantile(q) == pytest.approx(exact, rel=0.001)


def test_histograms_of_parts_add_up_to_the_histogram_of_the_whole() -> None:
    values = _latencies(10_000)
    parts = [_histogram(values[start::7]) for start in range(7)]
    assert merged(parts).counts == _histogram(values).counts


@pytest.mark.parametrize("value", [0.0, -1.0, 1e-9, 1.023e-6, 1.024e-6, 2.048e-6, 1.0, 86_399.0])
def test_every_value_lies_in_its_bucket(value: float) -> None:
    ((bucket, count),) = _histogram([value]).counts.items()
    low, width = bounds(bucket)
    assert count == 1
    assert low <= max(0, int(value * 1e9)) < low + width


def test_nothing_counted_is_zero_at_every_quantile() -> None:
    assert Histogram().quantile(0.99) == 0.0
    assert Histogram().total == 0


def test_the_public_tool_decodes_diyas_histograms() -> None:
    values = _latencies(20_000)
    ours, theirs = _histogram(values), HdrHistogram(1, HOUR_NS, 3)
    for value in values:
        theirs.record_value(int(value * 1e9))
    decoded = HdrHistogram.decode(hdrlog.encode(ours))
    assert decoded.get_total_count() == len(values)
    for percentile in (1, 50, 90, 99, 99.9, 100):
        assert decoded.get_value_at_percentile(percentile) == theirs.get_value_at_percentile(
            percentile
        )


def test_the_public_tool_reads_diyas_log_by_tag(tmp_path: Path) -> None:
    log = tmp_path / hdrlog.FILE
    first, second = _histogram(_latencies(1000, 1)), _histogram(_latencies(500, 2))
    log.write_bytes(
        hdrlog.header(1_790_000_000.25)
        + hdrlog.line("latency", 1.0, 1.0, first)
        + hdrlog.line("send-lag", 1.0, 1.0, _histogram([0.001]))
        + hdrlog.line("latency", 2.0, 1.5, second)
    )
    whole = HdrHistogram(1, HOUR_NS, 3)
    reader = HistogramLogReader(str(log), whole)
    assert reader.add_next_interval_histogram(whole) is not None
    assert reader.get_start_time_sec() == pytest.approx(1_790_000_000.25)
    tags = [reader.get_next_interval_histogram().get_tag() for _ in range(2)]
    reader.close()
    assert tags == ["send-lag", "latency"]
    assert whole.get_total_count() == 1000
    whole.add(HdrHistogram.decode(hdrlog.encode(second)))
    exact = merged((first, second)).quantile(0.999)
    assert whole.get_value_at_percentile(99.9) / 1e9 == pytest.approx(exact, rel=0.001)
