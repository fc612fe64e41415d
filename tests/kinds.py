"""The kinds of tests, by which `make test` and `make test-all` choose.

Every test is of exactly one kind.  Which one is said by a mark, on the test or on its file, or
follows from the shared fixtures that it uses; any other test is a unit test.  A unit test cannot
start a process: it fails where it tries to.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

KINDS = {
    "unit": "starts no process",
    "service": "starts real processes (servers, replicas, the generator, diya), but no whole run",
    "run": "plays at least one whole run of `diya readiness`",
    "docker": "needs a Docker engine",
    "calibration": "judges a known-bad or known-good system by whole runs",
}
CHOICES = {
    "system": "uses the redis-server of this machine; `make test` uses the bundled one",
    "slow": "takes longer than `make test` has time for",
    "daily": "a whole run that `make test` plays too",
    "alone_on_engine": "leaves containers for another run to find: no other worker may start one",
}
_FIXTURES = {
    "docker": {"engine", "local_images", "images"},
    "service": {
        *("standing", "make_fleet"),  # tests/chaos
        *("bundled", "system", "store_server", "servers", "start_replica"),  # tests/target_service
    },
}

_CHOSEN_BY = {
    "system": "system",
    "good": "daily",  # the run of tests/harness/commands/test_readiness.py that is GO
}
"""The fixtures whose tests have such a mark, too."""

_guarded = False


def register(config: pytest.Config) -> None:
    """Declare every mark: an unknown one is an error."""
    for name, meaning in {**KINDS, **CHOICES}.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")


def assign(items: Iterable[pytest.Item]) -> None:
    """Mark every test that has no kind yet with its kind.

    Raises pytest.UsageError for a test that has two.
    """
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        given = {mark.name for mark in item.iter_markers()} & KINDS.keys()
        for name in fixtures & _CHOSEN_BY.keys():
            item.add_marker(_CHOSEN_BY[name])
        if len(given) > 1:
            raise pytest.UsageError(f"{item.nodeid}: must have one kind, got {sorted(given)}")
        if not given:
            item.add_marker(_of(fixtures))


def _of(fixtures: set[str]) -> str:
    return next((kind for kind, shared in _FIXTURES.items() if shared & fixtures), "unit")


@contextmanager
def no_process() -> Iterator[None]:
    """Starting a process from this thread raises AssertionError."""
    global _guarded
    _guarded = True
    try:
        yield
    finally:
        _guarded = False


def _audit(event: str, _: tuple[Any, ...]) -> None:
    if (
        event == "subprocess.Popen"
        and _guarded
        and threading.current_thread() is threading.main_thread()
    ):
        raise AssertionError("a unit test must start no process: mark it `service` or `run`")


sys.addaudithook(_audit)
