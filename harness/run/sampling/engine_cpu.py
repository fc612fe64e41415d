"""The CPU of the daemons of a Docker engine, which work for every container on it.

They use a few percent of a core beside a run, and a fifth of one while a container is killed and
started again.  What they do for somebody else's containers cannot be told apart, and counts as the
run's: so it excuses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from harness.run.sampling.process_table import Process

_DAEMON, _RUNTIME = "dockerd", "containerd"


def daemons(processes: Mapping[int, Process], proxies: set[int]) -> set[int]:
    """The pids of the daemons that started these proxies of ports."""
    parents = {processes[pid].parent for pid in proxies}
    found = {pid for pid in parents if pid in processes and processes[pid].name == _DAEMON}
    runtimes = [each for each in processes.values() if found and each.name == _RUNTIME]
    below = {each.pid for each in runtimes if each.parent in found}
    if not below and len(runtimes) == 1:  # the system starts it as a service of its own
        below = {runtimes[0].pid}
    return found | below


def seconds(before: Mapping[int, Process], now: Mapping[int, Process], pids: set[int]) -> float:
    """Processor seconds of these daemons between two moments.

    Their children count if they began and ended in between, as `iptables` does.  Children that take
    longer are containers that are built, or proxies: somebody else's.
    """
    ended = [each for pid, each in before.items() if not _still_there(each, now.get(pid))]
    total = 0.0
    for pid in pids:
        then = before.get(pid)
        if then is None or not _still_there(then, now[pid]):
            continue
        used = now[pid].own_s + now[pid].waited_s - then.own_s - then.waited_s
        # The whole CPU of a child counts as waited for when it has ended.
        used -= sum(e.own_s + e.waited_s for e in ended if _is_below(before, e, pid))
        total += max(0.0, used)
    return total


def _still_there(then: Process, now: Process | None) -> bool:
    return now is not None and now.began == then.began


def _is_below(processes: Mapping[int, Process], process: Process, root: int) -> bool:
    above = processes.get(process.parent)
    while above is not None and above.pid != root:
        above = processes.get(above.parent)
    return above is not None
