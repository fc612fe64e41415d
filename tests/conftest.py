"""Shared by all tests."""

from __future__ import annotations

import gc
import signal
from collections.abc import Generator

import pytest

from tests import kinds, order

# A shell's background job ignores Ctrl-C, and so would every process that a test starts from it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A repository of its own: `tests/containers/test_sample_repo.py` runs its tests as its users would.
collect_ignore = ["sample_repo"]


def pytest_configure(config: pytest.Config) -> None:
    kinds.register(config)


def pytest_collection(session: pytest.Session) -> None:
    """The garbage collector rests: nothing that is imported or collected is garbage."""
    gc.disable()


def pytest_collection_finish(session: pytest.Session) -> None:
    """It leaves those million objects alone from here on, so that a full collection is short."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    kinds.assign(items)
    order.arrange(items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    if item.get_closest_marker("unit"):
        with kinds.no_process():
            return (yield)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    if item.get_closest_marker("unit"):
        with kinds.no_process():
            return (yield)
    return (yield)
