"""Shared by all tests."""

from __future__ import annotations

import gc
import signal
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests import kinds, order

# A shell's background job ignores Ctrl-C, and so would every process that a test starts from it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run, so that a failure is one again, and no limit in seconds: a slow or
# busy machine fails nothing.
settings.register_profile(
    "tests",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("tests")

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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `--dist loadfile`, some files go to one worker together."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    made = LoadFileScheduling(config, log)
    made._split_scope = lambda test: order.unit_of_work(test.partition("::")[0])
    return made


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
