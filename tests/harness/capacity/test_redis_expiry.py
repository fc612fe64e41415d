"""The share of dead keys at which Redis reclaims as fast as sessions expire."""

from __future__ import annotations

import pytest

from harness.capacity.redis_size.expiry import Reclaimed, balance


def test_the_balance_lies_on_the_line_through_the_logarithms() -> None:
    found = [Reclaimed(0.1, 10.0), Reclaimed(0.2, 40.0)]
    assert balance(found, 20.0) == pytest.approx(0.1 * 2**0.5)


def test_the_nearest_points_on_both_sides_count() -> None:
    found = [Reclaimed(0.4, 160.0), Reclaimed(0.1, 10.0), Reclaimed(0.2, 20.0)]
    assert balance(found, 15.0) == pytest.approx(0.15)


def test_the_line_goes_on_beyond_the_points_by_a_factor_of_two_at_most() -> None:
    found = [Reclaimed(0.1, 10.0), Reclaimed(0.2, 20.0)]
    assert balance(found, 30.0) == pytest.approx(0.3)
    assert balance(found, 1000.0) == pytest.approx(0.4)
    assert balance(found, 0.1) == pytest.approx(0.05)


def test_a_server_that_reclaims_nothing_keeps_all_that_was_written() -> None:
    assert balance([Reclaimed(0.1, 0.0), Reclaimed(0.2, 0.0)], 5.0) == 0.2


def test_rates_that_hardly_differ_count_as_proportional_to_the_share() -> None:
    found = [Reclaimed(0.002, 0.3325), Reclaimed(0.003, 0.3322), Reclaimed(0.004, 0.3316)]
    assert balance(found, 0.2) == pytest.approx(0.002 * 0.2 / 0.3325)
    assert balance(found, 0.07) == pytest.approx(0.001)


def test_one_point_is_a_line_through_nothing() -> None:
    assert balance([Reclaimed(0.1, 10.0)], 12.0) == pytest.approx(0.12)
