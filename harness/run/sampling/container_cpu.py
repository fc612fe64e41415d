"""The CPU of the run's containers, whose processes are not below diya's own.

The kernel shows the processes of all containers on this machine.  What one uses is that of the tree
below its runtime's process (`containerd-shim`, `conmon`), so that health checks and other commands
in the container count, too.  The processes that carry its published ports belong to it, and the
daemons that have started them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chaos.errors import ChaosError
from chaos.fleet.lifecycle import FleetLifecycle
from chaos.fleet.parts import NodeElsewhere
from harness.run.sampling import engine_cpu, process_table
from harness.run.sampling.host import usable_cores
from harness.run.sampling.process_table import Process

Nodes = Callable[[], Sequence[NodeElsewhere]]
"""The nodes of the run that are not below this process, those that it has now."""

_RUNTIMES = ("containerd-shim", "conmon")
_PROXY = "docker-proxy"
_PORT = "-host-port"


def nodes_of(fleet: FleetLifecycle | None) -> Nodes | None:
    """The nodes of a fleet that is up, by which its CPU can be told from that of others.

    None where it cannot: a part is not known, or not a process of this machine, or this process may
    use only some of the cores that the containers use.
    """
    if fleet is None:
        return None
    nodes = fleet.all_nodes_elsewhere()
    if nodes is None or (nodes and usable_cores() < (os.cpu_count() or 1)):
        return None
    try:
        seen = all(node.pid is not None or node.stopped is not None for node in nodes)
    except ChaosError:
        return None
    return (lambda: fleet.all_nodes_elsewhere() or ()) if seen else None


@dataclass(frozen=True, slots=True)
class _Reading:
    processes: dict[int, Process]
    trees: dict[tuple[int, float], float]
    """The pid and the begin of a root → processor seconds of its tree."""
    stopped: dict[int, str]
    """The number of a node that does not run → since when."""
    daemons: set[int]
    """The pids of the engine's daemons."""
    at: float
    """Seconds since the start of the machine."""


class ContainerCpu:
    """Reads the processor seconds since the reading before."""

    def __init__(
        self,
        nodes: Nodes,
        processes: Callable[[], dict[int, Process]] = process_table.read,
        command_line: Callable[[int], list[str]] = process_table.command_line,
    ) -> None:
        """Take the first reading.

        `processes` reads the table of processes of the machine, `command_line` that of a pid.
        """
        self._nodes = nodes
        self._table, self._command_line = processes, command_line
        self._ports: dict[tuple[int, int], frozenset[int]] = {}
        self._proxied: dict[tuple[int, float], int] = {}
        self._before = self._look()

    def read(self) -> float | None:
        """Processor seconds of all containers and of the engine since the last call.

        None if a node was unknown in one of the two, if one ended between them (what it used in its
        last moments is gone with it), or if one was started in a time that was not watched.
        """
        before, self._before = self._before, self._look()
        now = self._before
        if before is None or now is None or before.trees.keys() - now.trees.keys():
            return None
        if any(now.stopped.get(node, since) != since for node, since in before.stopped.items()):
            return None  # it was started and ended again
        if any(began < before.at for _, began in now.trees.keys() - before.trees.keys()):
            return None
        used = sum(
            max(0.0, seconds - before.trees.get(root, 0.0)) for root, seconds in now.trees.items()
        )
        return used + engine_cpu.seconds(before.processes, now.processes, now.daemons)

    def _look(self) -> _Reading | None:
        """None: a node is unknown now."""
        at = time.clock_gettime(time.CLOCK_BOOTTIME)
        # First, because Docker may answer late: the time of the reading is that of the table.
        processes = self._table()
        stopped: dict[int, str] = {}
        roots: set[int] = set()
        ports: set[int] = set()
        for number, node in enumerate(self._nodes()):
            try:
                pid = node.pid
                if pid is None:
                    if (since := node.stopped) is None:
                        return None
                    stopped[number] = since
                    continue
                if (number, pid) not in self._ports:
                    self._ports[number, pid] = frozenset(node.published)
            except ChaosError:
                return None
            if pid not in processes:
                return None  # it was started just now
            roots.add(_root(processes, pid))
            ports |= self._ports[number, pid]
        proxies = self._proxies(processes, ports)
        trees = process_table.tree_seconds(processes, roots | proxies)
        keyed = {(pid, processes[pid].began): seconds for pid, seconds in trees.items()}
        return _Reading(processes, keyed, stopped, engine_cpu.daemons(processes, proxies), at)

    def _proxies(self, processes: dict[int, Process], ports: set[int]) -> set[int]:
        """The processes that pass connections on from these ports."""
        found = set()
        for pid, process in processes.items():
            if process.name == _PROXY:
                key = (pid, process.began)
                if key not in self._proxied:
                    self._proxied[key] = _port_of(self._command_line(pid))
                if self._proxied[key] in ports:
                    found.add(pid)
        return found


def _root(processes: dict[int, Process], pid: int) -> int:
    """The process of the runtime above a container's first one, or that first one itself."""
    above = processes.get(processes[pid].parent)
    return above.pid if above is not None and above.name.startswith(_RUNTIMES) else pid


def _port_of(words: list[str]) -> int:
    """The port of this machine in the command line of a proxy; 0 if it names none."""
    following = words[words.index(_PORT) + 1 :] if _PORT in words else []
    return int(following[0]) if following and following[0].isdigit() else 0
