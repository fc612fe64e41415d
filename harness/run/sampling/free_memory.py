"""The memory that this process and its children may still take."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psutil

from harness.run.sampling.control_groups import GROUPS, PROCESSES, groups_of

_CONTROLLER = "memory"


def free_memory(processes: Path = PROCESSES, groups: Path = GROUPS) -> float:
    """Bytes: the least of what the machine has free, and of what the limits of the control groups
    leave.

    `processes` and `groups` are where the kernel shows the groups.
    """
    return min([float(psutil.virtual_memory().available), *_left(processes, groups)])


def _left(processes: Path, groups: Path) -> Iterator[float]:
    for version, group in groups_of(_CONTROLLER, processes, groups):
        limit, used, cache = _FILES[version]
        with contextlib.suppress(OSError, ValueError):
            most = int(_file(group, limit).read_text())  # `max` is no number: no limit
            taken = int(_file(group, used).read_text()) - _cache(_file(group, "stat"), cache)
            yield float(max(0, most - taken))


_FILES = {
    1: ("limit_in_bytes", "usage_in_bytes", "total_inactive_file"),
    2: ("max", "current", "inactive_file"),
}
"""Version → the files of the limit and of the use, and the key of the files' cache, which the
kernel takes back at need."""


def _file(group: Path, name: str) -> Path:
    return group / f"{_CONTROLLER}.{name}"


def _cache(file: Path, key: str) -> int:
    with contextlib.suppress(OSError):
        for line in file.read_text().splitlines():
            name, _, value = line.partition(" ")
            if name == key:
                return int(value)
    return 0
