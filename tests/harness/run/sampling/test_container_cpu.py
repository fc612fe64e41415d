"""The CPU of containers counts as the run's; what is not known is not told."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from chaos.errors import ChaosError
from harness.run.sampling import container_cpu, engine_cpu, process_table
from harness.run.sampling.container_cpu import ContainerCpu
from harness.run.sampling.process_table import Process
from tests.chaos.test_lifecycle import ToyFleet
from tests.harness.command import wait_until

LATER = time.clock_gettime(time.CLOCK_BOOTTIME) + 1e6
"""A process that began then did so after every reading."""


class Node:
    """A container: what Docker says of it is set by the test."""

    def __init__(self, pid: int | None, published: Collection[int] = ()) -> None:
        self.told: int | Exception | None = pid
        self.stopped: str | None = None
        self.published = published

    @property
    def pid(self) -> int | None:
        if isinstance(self.told, Exception):
            raise self.told
        return self.told


class Machine:
    """Its table of processes: a container of the run under its runtime, and a stranger."""

    def __init__(self, *more: Process) -> None:
        self.table: dict[int, Process] = {}
        self.set(process(1, 0), process(20, 1, "containerd-shim"), process(21, 20, own=5.0))
        self.set(process(30, 1, own=100.0), *more)

    def set(self, *processes: Process) -> None:
        self.table |= {each.pid: each for each in processes}

    def end(self, *pids: int) -> None:
        for pid in pids:
            del self.table[pid]

    def __call__(self) -> dict[int, Process]:
        return dict(self.table)


def process(
    pid: int,
    parent: int,
    name: str = "python",
    *,
    began: float = 1.0,
    own: float = 0.0,
    waited: float = 0.0,
) -> Process:
    return Process(pid, parent, name, began, own, waited)


def metered(
    node: Node, machine: Machine, words: Callable[[int], list[str]] = lambda _: []
) -> ContainerCpu:
    return ContainerCpu(lambda: [node], machine, words)


def test_all_below_the_runtime_counts_and_a_stranger_does_not() -> None:
    machine = Machine()
    cpu = metered(Node(21), machine)
    machine.set(process(21, 20, own=5.5), process(30, 1, own=200.0))
    machine.set(process(22, 20, "health check", began=LATER, own=0.25))
    assert cpu.read() == pytest.approx(0.75)
    machine.end(22)
    machine.set(process(20, 1, "containerd-shim", waited=0.25))
    assert cpu.read() == pytest.approx(0.0), "the runtime has waited for the check"


def test_a_container_without_a_known_runtime_is_its_first_process() -> None:
    machine = Machine(process(40, 1, "some shim"), process(41, 40, own=1.0))
    cpu = metered(Node(41), machine)
    machine.set(process(40, 1, "some shim", own=9.0), process(41, 40, own=1.5))
    assert cpu.read() == pytest.approx(0.5)


def test_the_last_cpu_of_a_killed_container_is_unknown_and_then_it_uses_none() -> None:
    machine, node = Machine(), Node(21)
    cpu = metered(node, machine)
    machine.end(20, 21)
    node.told, node.stopped = None, "12:00:01"
    assert cpu.read() is None
    assert cpu.read() == 0.0


def test_a_restarted_container_counts_from_its_begin() -> None:
    machine, node = Machine(), Node(None)
    node.stopped = "12:00:01"
    machine.end(20, 21)
    cpu = metered(node, machine)
    machine.set(process(50, 1, "containerd-shim", began=LATER), process(51, 50, own=0.75))
    node.told, node.stopped = 51, None
    assert cpu.read() == pytest.approx(0.75)


def test_a_container_that_started_in_a_time_without_readings_is_not_known_yet() -> None:
    machine, node = Machine(), Node(None)
    node.stopped = "12:00:01"
    machine.end(20, 21)
    cpu = metered(node, machine)
    machine.set(process(50, 1, "containerd-shim", began=2.0), process(51, 50, own=9.0))
    node.told, node.stopped = 51, None
    assert cpu.read() is None
    machine.set(process(51, 50, own=9.5))
    assert cpu.read() == pytest.approx(0.5)


def test_a_container_that_is_started_again_within_a_reading_is_not_known() -> None:
    machine, node = Machine(), Node(21)
    cpu = metered(node, machine)
    machine.end(20, 21)
    machine.set(process(50, 1, "containerd-shim", began=LATER), process(51, 50, own=0.25))
    node.told = 51
    assert cpu.read() is None, "what the first one used last is gone"
    assert cpu.read() == 0.0


def test_a_reused_pid_is_another_process() -> None:
    machine = Machine()
    cpu = metered(Node(21), machine)
    machine.set(process(20, 1, "containerd-shim", began=LATER), process(21, 20, own=7.0))
    assert cpu.read() is None
    machine.set(process(21, 20, own=7.25))
    assert cpu.read() == pytest.approx(0.25)


def test_a_container_that_ran_between_two_looks_at_it_stopped_is_not_known() -> None:
    machine, node = Machine(), Node(None)
    node.stopped = "12:00:01"
    cpu = metered(node, machine)
    node.stopped = "12:00:02"
    assert cpu.read() is None
    assert cpu.read() == 0.0


@pytest.mark.parametrize("told", [None, 99, ChaosError("Docker does not answer")])
def test_an_unknown_container_makes_two_readings_unknown(told: int | Exception | None) -> None:
    machine, node = Machine(), Node(21)
    cpu = metered(node, machine)
    node.told = told
    assert cpu.read() is None
    node.told = 21
    machine.set(process(21, 20, own=6.0))
    assert cpu.read() is None
    machine.set(process(21, 20, own=6.5))
    assert cpu.read() == pytest.approx(0.5)


class Placed(ToyFleet):
    """A fleet whose only node elsewhere is this one."""

    def __init__(self, run_dir: Path, node: Node) -> None:
        super().__init__(run_dir)
        self._node = node

    def nodes_elsewhere(self) -> list[Node]:
        return [self._node]


def test_nothing_is_measured_where_a_container_is_no_process_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container_cpu, "usable_cores", lambda: float(os.cpu_count() or 1))
    node = Node(None)
    fleet = Placed(tmp_path, node)
    assert container_cpu.nodes_of(None) is None
    assert container_cpu.nodes_of(fleet) is None, "it runs, and shows no pid"
    node.told = ChaosError("Docker does not answer")
    assert container_cpu.nodes_of(fleet) is None
    node.told, node.stopped = None, "12:00:01"
    nodes = container_cpu.nodes_of(fleet)
    assert nodes is not None
    assert list(nodes()) == [node]
    # The containers may use cores that this process may not, and then whose use is seen differs.
    monkeypatch.setattr(container_cpu, "usable_cores", lambda: 0.5)
    assert container_cpu.nodes_of(fleet) is None
    fleet.redis.servers = {}
    assert container_cpu.nodes_of(fleet) is None


def proxy(pid: int, parent: int, own: float = 0.0, *, began: float = 1.0) -> Process:
    return process(pid, parent, "docker-proxy", began=began, own=own)


def carrying(pid: int) -> list[str]:
    """The command line of a proxy: 61 carries port 8061, and so on."""
    return f"docker-proxy -proto tcp -host-ip 127.0.0.1 -host-port {8000 + pid} -x y".split()


def test_the_proxies_of_its_own_ports_count() -> None:
    machine = Machine(process(60, 1, "dockerd"), proxy(61, 60), proxy(62, 60))
    cpu = metered(Node(21, {8061}), machine, carrying)
    machine.set(proxy(61, 60, 0.25), proxy(62, 60, 0.5))
    assert cpu.read() == pytest.approx(0.25)


def test_the_daemons_that_started_its_proxies_count() -> None:
    machine = Machine(process(60, 1, "dockerd"), proxy(61, 60), process(63, 1, "containerd"))
    cpu = metered(Node(21, {8061}), machine, carrying)
    machine.set(process(60, 1, "dockerd", own=0.25, waited=0.125))
    machine.set(process(63, 1, "containerd", own=0.0625))
    assert cpu.read() == pytest.approx(0.4375)


def test_a_child_of_a_daemon_that_took_long_does_not_count_at_its_end() -> None:
    before = Machine(
        process(60, 1, "dockerd", own=1.0),
        *(process(64, 60, "runc", own=0.5), process(65, 64, "gcc", own=30.0)),
    ).table
    now = Machine(process(60, 1, "dockerd", own=1.25, waited=30.75)).table
    assert engine_cpu.seconds(before, now, {60}) == pytest.approx(0.5)
    restarted = Machine(process(60, 1, "dockerd", began=2.0, own=9.0)).table
    assert engine_cpu.seconds(before, restarted, {60}) == 0.0


def test_the_runtime_of_another_engine_does_not_count() -> None:
    table = Machine(
        *(process(60, 1, "dockerd"), proxy(61, 60), process(66, 60, "containerd")),
        *(process(70, 1, "dockerd"), proxy(71, 70), process(76, 70, "containerd")),
        process(86, 1, "containerd"),
    ).table
    assert engine_cpu.daemons(table, {61}) == {60, 66}
    assert engine_cpu.daemons(table, set()) == set()


_RUNTIME = """
import subprocess, sys
open("/proc/self/comm", "w").write("containerd-shim")
burn = [sys.executable, "-c", sys.argv[1]]
started = [subprocess.Popen(burn), subprocess.Popen(burn)]
print(started[0].pid, flush=True)
for each in started:
    each.wait()
sys.stdin.read()
"""
_BURN = "import time\nwhile time.process_time() < 0.5: pass"


@contextmanager
def runtime() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process like a container's runtime, whose children use half a second each; the first."""
    words = [sys.executable, "-c", _RUNTIME, _BURN]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True) as started:
        assert started.stdin is not None
        assert started.stdout is not None
        try:
            yield started, int(started.stdout.readline())
        finally:
            started.kill()


@pytest.mark.service
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel shows no containers")
def test_the_kernel_tells_what_a_real_tree_has_used() -> None:
    with runtime() as (top, first):
        node = Node(first)
        cpu = ContainerCpu(lambda: [node])
        table = process_table.read()
        assert table[first].parent == top.pid
        assert table[top.pid].name == "containerd-shim"
        assert table[top.pid].began == pytest.approx(
            psutil.Process(top.pid).create_time() - psutil.boot_time(), abs=1.5
        )
        spent = process_table.tree_seconds(table, {top.pid})[top.pid]
        wait_until(lambda: psutil.Process(top.pid).children() == [], 60, "both have ended")
        table = process_table.read()
        whole = process_table.tree_seconds(table, {top.pid})[top.pid]
        assert whole > 0.9, "those that have ended count"
        assert whole > spent
        assert cpu.read() is None, "the container ended"


@pytest.mark.service
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel shows no containers")
def test_a_name_with_brackets_does_not_hide_the_figures(tmp_path: Path) -> None:
    program = tmp_path / "a) R (b"
    program.symlink_to(os.path.realpath(sys.executable))
    with subprocess.Popen([program, "-c", "input()"], stdin=subprocess.PIPE) as started:
        seen = process_table.read()[started.pid]
        assert (seen.name, seen.parent) == ("a) R (b", os.getpid())
        assert process_table.command_line(started.pid)[1:] == ["-c", "input()"]
        started.kill()
    assert process_table.command_line(started.pid) == []
