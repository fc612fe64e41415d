"""How late customers arrive at half of what one core can play, both measured in one process.

Capacity is the number of conversations of one turn (open, say, read back) that the generator plays
in a CPU second while so many arrive that it is hardly idle.  Half of that is then offered as in a
run, and the lags in the conversations' records are judged: the median of the p99 of five stretches,
because a pause of a shared machine spoils one of them.

The capacity is that of a core: the generator gets a core without the server, and as root also
priority over other processes on it; `priority` says whether it got that.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench import load_stage

OVERLOAD = 2000.0
"""Arrivals a second, the most that a profile may have: about the capacity of a core, or more."""
CALIBRATION_S = 5.0
STRETCHES, STRETCH_S = 5, 4.0


@contextmanager
def core_of_its_own(server: int) -> Iterator[str]:
    """Keeps the process `server` off the generator's core; which that is, if any is to spare."""
    cores = sorted(os.sched_getaffinity(server)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) < 2:
        yield ""
        return
    os.sched_setaffinity(server, cores[:-1])
    prioritise(server)
    try:
        yield str(cores[-1])
    finally:
        os.sched_setaffinity(server, cores)
        os.sched_setscheduler(server, os.SCHED_OTHER, os.sched_param(0))


def prioritise(process: int) -> bool:
    """Let a process go before all ordinary ones; False where only root may.

    A low `nice` would not do: where the kernel groups processes by session, it only counts within.
    """
    try:
        os.sched_setscheduler(process, os.SCHED_RR, os.sched_param(1))
    except (AttributeError, PermissionError):
        return False
    return True


def lag(url: str, core: str = "") -> dict[str, Any]:
    """Lags in seconds; `cpu` is the share of a core it had, `waited` the share it had to wait for.

    Other processes on the machine are the cause of the time it waited.
    """
    import gevent

    from reports.measures.percentiles import percentile
    from reports.records import ConversationRecord

    if core:
        os.sched_setaffinity(0, {int(core)})
    priority = prioritise(0)
    capacity = _capacity(url)
    with tempfile.TemporaryDirectory() as folder:
        load = load_stage.profile(capacity / 2, STRETCHES * STRETCH_S)
        player, clock = load_stage.player(url, load, folder)
        gevent.sleep(1.0)
        cpu, waited, begun = time.process_time(), _waited(), time.monotonic()
        start = clock.now()
        player.talk(start)
        seconds = time.monotonic() - begun
        cpu, waited = time.process_time() - cpu, _waited() - waited
        player.stop()
        played = load_stage.records(folder, ConversationRecord)
    lags = sorted(each.started - each.due for each in played if each.started is not None)
    stretches: list[list[float]] = [[] for _ in range(STRETCHES)]
    for each in played:
        if each.started is not None:
            number = int((each.due - start) / STRETCH_S)
            stretches[min(number, STRETCHES - 1)].append(each.started - each.due)
    p99s = sorted(percentile(sorted(stretch), 99) for stretch in stretches)
    return {
        "capacity": capacity,
        "arrivals": len(played) / (STRETCHES * STRETCH_S),
        "not_played": len(played) - len(lags),
        "p50": percentile(lags, 50),
        "p99": statistics.median(p99s),
        "p99s": p99s,
        "highest": lags[-1],
        "priority": priority,
        "core": bool(core),
        "cpu": cpu / seconds,
        "waited": waited / seconds,
    }


def _capacity(url: str) -> float:
    """Conversations a CPU second."""
    import gevent

    from reports.records import ConversationRecord

    with tempfile.TemporaryDirectory() as folder:
        load = load_stage.profile(OVERLOAD, CALIBRATION_S + 1)
        player, clock = load_stage.player(url, load, folder)
        gevent.spawn(player.talk, clock.now())
        gevent.sleep(1.0)
        begun, before = clock.now(), time.process_time()
        gevent.sleep(CALIBRATION_S)
        end, cpu_seconds = clock.now(), time.process_time() - before
        player.stop()
        played = load_stage.records(folder, ConversationRecord)
    ended = [each.ended for each in played if each.ended is not None]
    return len([t for t in ended if begun <= t < end]) / cpu_seconds


def _waited() -> float:
    """Seconds in which this process could have run and the machine ran others; 0 if unknown."""
    try:
        return int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
