"""The share of the usable cores that this process, all its descendants and its containers use."""

from __future__ import annotations

import contextlib
import time

import psutil

from harness.run.sampling.container_cpu import ContainerCpu, Nodes
from harness.run.sampling.host import usable_cores


class OwnCpu:
    """Reads the share since the reading before."""

    def __init__(self, allowed: frozenset[int] | None = None, nodes: Nodes = tuple) -> None:
        """`allowed` are the cores of the run, where this thread is pinned to some of them.

        `nodes` are the parts of the run that are not below this process.
        """
        self._root = psutil.Process()
        self._containers = ContainerCpu(nodes) if nodes() else None
        self.cores = usable_cores(allowed=allowed)
        """The cores that the run may use, a limit of the machine or of its container."""
        self._at, self._seconds = time.monotonic(), self.used()

    def read(self) -> float | None:
        """Percent of the usable cores since the last call.

        None when no time has passed, or when what the containers used in it is not known.
        """
        at, seconds = time.monotonic(), self.used()
        elsewhere = 0.0 if self._containers is None else self._containers.read()
        passed, used = at - self._at, seconds - self._seconds
        self._at, self._seconds = at, seconds
        if passed <= 0 or elsewhere is None:
            return None
        # A process whose parent ended leaves this process's tree, and its CPU with it.
        return min(100.0, max(0.0, used + elsewhere) / passed / self.cores * 100)

    def used(self) -> float:
        """Processor seconds of the whole tree so far, those of ended children included."""
        return used_below(self._root)


def used_below(root: psutil.Process) -> float:
    """Processor seconds of a process and all below it so far, ended children included.

    Raises psutil.Error when there is no such process.
    """
    total = 0.0
    for process in (root, *root.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
            # The CPU of an ended child counts as its parent's once the parent has waited for it.
            total += times.children_user + times.children_system
    return total
