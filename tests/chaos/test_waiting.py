"""Waiting with a deadline: the polling of the condition, and the error messages."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from chaos.errors import ChaosError
from chaos.fleet.waiting import TimeLeft, holds_within, wait_for


def true_at_check(number: int) -> Callable[[], bool]:
    """A condition that holds from its nth check on."""
    checks = 0

    def holds() -> bool:
        nonlocal checks
        checks += 1
        return checks >= number

    return holds


def test_a_condition_is_checked_once_even_without_time() -> None:
    assert holds_within(true_at_check(1), -1.0)
    assert not holds_within(true_at_check(2), -1.0)


def test_a_condition_that_comes_true_ends_the_waiting() -> None:
    wait_for(true_at_check(3), 60.0, "the third check", poll=0.001)


def test_a_timeout_names_the_seconds_and_the_condition() -> None:
    with pytest.raises(ChaosError) as error:
        wait_for(lambda: False, 0.01, "r01 to become ready", poll=0.001)
    assert str(error.value) == "timed out after 0.01 s waiting for r01 to become ready"


def test_a_cancelled_wait_ends_at_once_and_says_so() -> None:
    cancelled = threading.Event()
    cancelled.set()
    assert not holds_within(lambda: False, 600.0, cancelled=cancelled)
    with pytest.raises(ChaosError) as error:
        wait_for(lambda: False, 600.0, "a successor", cancelled)
    assert str(error.value) == "the run ended while waiting for a successor"


def test_an_error_of_the_condition_ends_the_waiting() -> None:
    def fails() -> bool:
        raise ChaosError("r01 ended")

    with pytest.raises(ChaosError, match=r"^r01 ended$"):
        wait_for(fails, 600.0, "r01")


def test_the_time_left_is_never_below_the_least() -> None:
    assert 0 < TimeLeft(600.0).seconds() <= 600.0
    assert TimeLeft(-1.0).seconds() == 0.0
    assert TimeLeft(-1.0).seconds(least=1.0) == 1.0
