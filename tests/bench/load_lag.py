"""How late customers arrive at half of what one core can play, both measured in one process.

Capacity is what a CPU second of the generator is worth in conversations of one turn (open, say,
read back), played one after the other by a few greenlets.  Half of that is then offered as in a
run, and the lags of the conversations' records are what is judged.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tests.bench import load_stage

CALIBRATION_S = 5.0
PLAY_S = 20.0
_GREENLETS = 50


def lag(url: str) -> dict[str, float]:
    """Lags in seconds; `cpu` is the share of a core used, `waited` the share of time without one
    although there was work.
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
    """Conversations per CPU second."""
    import gevent

    from loadtests import arrivals

    with tempfile.TemporaryDirectory() as folder:
        load = load_stage.profile(1000, 60)
        player, clock = load_stage.player(url, load, folder)
        planned, running, played = arrivals.stream(load, 1), True, 0

        def talk() -> None:
            nonlocal played
            while running:
                customer = player._customer(next(planned))
                customer.due = clock.now()
                customer.play()
                played += 1

        greenlets = [gevent.spawn(talk) for _ in range(_GREENLETS)]
        gevent.sleep(1.0)
        cpu, before = time.process_time(), played
        gevent.sleep(CALIBRATION_S)
        capacity = (played - before) / (time.process_time() - cpu)
        running = False
        gevent.joinall(greenlets)
        player.stop()
    return capacity


def _waited() -> float:
    """Seconds in which this process could have run and the machine ran others; 0 if unknown."""
    try:
        return int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
