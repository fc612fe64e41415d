"""The two fits, on curves whose parameters are known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.capacity.usl import Queue, Scalability, fit_queue, fit_usl, points
from tests.reports.capacity.a_capacity_run import findings, nothing


@given(st.floats(1, 200), st.floats(0.001, 0.3), st.floats(0.0001, 0.01))
def test_the_law_is_found_again(alone: float, contention: float, crosstalk: float) -> None:
    law = Scalability(alone, contention, crosstalk)
    measured = [(law.rate(n), n / law.rate(n)) for n in (1, 2, 4, 8, 12)]
    found = fit_usl(measured)
    assert found is not None
    assert found.alone == pytest.approx(alone, rel=0.01)
    assert found.contention == pytest.approx(contention, rel=0.05, abs=1e-4)
    assert found.peak == pytest.approx(law.peak, rel=0.01)


@given(st.floats(0.01, 1), st.floats(1, 200))
def test_the_queue_is_found_again(seconds: float, most: float) -> None:
    queue = Queue(seconds, most)
    measured = [(most * load, queue.latency(most * load) or 0.0) for load in (0.3, 0.6, 0.9)]
    found = fit_queue(measured)
    assert found is not None
    assert found.most == pytest.approx(most)
    assert found.seconds == pytest.approx(seconds)
    assert queue.latency(most) is None


def test_the_hand_written_probes_are_a_queue_of_forty_turns_a_second() -> None:
    found = fit_queue(points(findings()))
    assert found is not None
    assert found.most == pytest.approx(40)


def test_too_few_or_falling_points_have_no_fit() -> None:
    assert points(nothing()) == []
    assert fit_usl([(10, 0.1), (20, 0.11), (30, 0.2)]) is None
    assert fit_queue([(10, 0.1), (20, 0.2)]) is None
    assert fit_queue([(10, 0.3), (20, 0.2), (30, 0.1)]) is None
    assert fit_queue([(10, 0.1), (10, 0.2), (10, 0.3)]) is None
    assert fit_usl([(10, 0.1)] * 5) is None


def test_a_law_without_crosstalk_has_no_peak() -> None:
    assert Scalability(30, 0.1, 0).peak is None
