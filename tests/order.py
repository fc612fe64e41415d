"""The order of tests: what waits beside what computes, and the long files first.

Workers take whole files in this order.  Tests of processes mostly wait, unit tests never do; one
kind after the other would leave the cores idle for minutes and overload them afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

LONG = (
    "harness/commands/test_readiness.py",
    "harness/run/test_interruption.py",
    "harness/commands/test_chaos.py",
    "loadtests/test_locust_run.py",
    "target_service/test_faults.py",
)
"""Files with half a minute of waiting in `make test`: begun last, they would keep one worker busy
while the others rest."""


def arrange(items: list[pytest.Item]) -> None:
    """Sort the tests in place; those of a file stay together, in their order."""
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.partition("::")[0], []).append(item)
    long = [file for file in files if file.endswith(LONG)]
    others = [file for file in files if file not in long]
    waiting = [file for file in others if not _computes(files[file])]
    computing = [file for file in others if _computes(files[file])]
    mixed = sorted([*_places(waiting), *_places(computing)])
    items[:] = [item for file in [*long, *(file for _, file in mixed)] for item in files[file]]


def _computes(tests: Iterable[pytest.Item]) -> bool:
    return all(test.get_closest_marker("unit") is not None for test in tests)


def _places(files: list[str]) -> list[tuple[float, str]]:
    """Each file with its place between 0 and 1, evenly spread."""
    return [((index + 0.5) / len(files), file) for index, file in enumerate(files)]
