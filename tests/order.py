"""The order of tests: what waits beside what computes, and the long files first.

Workers take whole files in this order.  Files of a folder are alike: those of `chaos` mostly wait,
those of `reports` never do.  In the order of their names the workers would wait all together for
minutes, and overload the cores afterwards.
"""

from __future__ import annotations

import hashlib

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

SHARING = tuple(
    f"target_service/test_{name}.py"
    for name in ("faults", "initial_events", "manners", "openapi", "turns")
)
"""Files whose tests share four replicas: one worker takes them all, and starts those once."""


def unit_of_work(file: str) -> str:
    """What a worker takes as a whole: the file, or the name of the group that it is in."""
    return "sharing replicas" if file.endswith(SHARING) else file


def arrange(items: list[pytest.Item]) -> None:
    """Sort the tests in place; those of a file stay together, in their order.

    The order of files is mixed, but the same in every run, and a new file moves no other one.
    """
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.partition("::")[0], []).append(item)
    long = [file for file in files if file.endswith(LONG)]
    others = sorted((file for file in files if file not in long), key=_mixed)
    items[:] = [item for file in [*long, *others] for item in files[file]]


def _mixed(file: str) -> bytes:
    return hashlib.sha256(file.encode()).digest()
