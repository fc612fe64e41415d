"""The control groups that this process is in, of version 1 and 2."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

PROCESSES = Path("/proc/self/cgroup")
GROUPS = Path("/sys/fs/cgroup")


def groups_of(controller: str, processes: Path, groups: Path) -> Iterator[tuple[int, Path]]:
    """Version and directory of each group with this controller, and of those above it.

    `processes` and `groups` are where the kernel shows them.  A directory may not exist: in a
    container the path may be the host's, and only the root is there, the container's own group.
    """
    try:
        lines = processes.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            version, root = 2, groups
        elif controller in controllers.split(","):
            version, root = 1, groups / controller
        else:
            continue
        inside = Path(path.lstrip("/"))
        for group in (inside, *inside.parents):
            yield version, root / group
