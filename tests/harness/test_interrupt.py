"""A signal ends a command, whatever the command does at that moment."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from harness import cli

_ENOUGH_S = 30


@pytest.fixture(params=[signal.SIGINT, signal.SIGTERM])
def ending(request: pytest.FixtureRequest) -> Iterator[int]:
    number: int = request.param
    before = signal.signal(number, cli._interrupt)
    yield number
    signal.signal(number, before)


def _interrupted(number: int) -> None:
    os.kill(os.getpid(), number)
    time.sleep(_ENOUGH_S)


class _Finalized:
    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self) -> None:
        os.kill(os.getpid(), self.number)


def _interrupted_in_a_finalizer(number: int) -> None:
    _Finalized(number)  # finalized at once: nothing holds it
    time.sleep(_ENOUGH_S)


def test_a_signal_interrupts_the_command(ending: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        _interrupted(ending)


def test_a_signal_during_a_finalizer_is_not_lost(ending: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        _interrupted_in_a_finalizer(ending)
