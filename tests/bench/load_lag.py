"""How late customers arrive at half of what one core can play, both measured in one process.

Capacity is what a CPU second of the generator is worth in conversations of one turn (open, say,
read back) while so many arrive that it is hardly idle.  Half of that is then offered as in a run,
and the lags in the conversations' records are what is judged.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tests.bench import load_stage

OVERLOAD = 2000.0
"""Arrivals a second, the most that a profile may have: about what a core plays, or more."""
CALIBRATION_S = 5.0
PLAY_S = 20.0


def lag(url: str) -> dict[str, float]:
    """Lags in seconds; `cpu` is the share of a core it had, `waited` the share it had to wait for.

    A machine that does other things at the same time is to blame for what it waited.
    """
    import gevent

    from reports.percentiles import percentile
    from reports.records import ConversationRecord

    capacity = _capacity(url)
    with tempfile.TemporaryDirectory() as folder:
        load = load_stage.profile(capacity / 2, PLAY_S)
        player, clock = load_stage.player(url, load, folder)
        gevent.sleep(1.0)
        cpu, waited, begun = time.process_time(), _waited(), time.monotonic()
        player.talk(clock.now())
        seconds = time.monotonic() - begun
        cpu, waited = time.process_time() - cpu, _waited() - waited
        player.stop()
        played = load_stage.records(folder, ConversationRecord)
    lags = sorted(each.started - each.due for each in played if each.started is not None)
    return {
        "capacity": capacity,
        "arrivals": len(played) / PLAY_S,
        "not_played": len(played) - len(lags),
        "p50": percentile(lags, 50),
        "p99": percentile(lags, 99),
        "highest": lags[-1],
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
