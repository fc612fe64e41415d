"""The numbers that the Redis probe reports are correct."""

from __future__ import annotations

import pytest

from harness.run.redis_probe import signed
from reports.records import Sample, from_json, to_json


@pytest.mark.parametrize(
    ("told", "value"), [(0, 0.0), (1_458_176, 1_458_176.0), (2**64 - 2048, -2048.0)]
)
def test_a_difference_below_zero_does_not_become_a_huge_number(told: int, value: float) -> None:
    sample = Sample(1.0, "redis", {"used_memory_dataset": signed(told)})
    assert from_json(Sample, to_json(sample)).values["used_memory_dataset"] == value
