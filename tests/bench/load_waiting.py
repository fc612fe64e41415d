"""The memory of waiting customers in the generator, for `tests.bench.load`."""

from __future__ import annotations

import tempfile
from typing import Any

from tests.bench import load_stage

CONVERSATIONS = 20_000
_RATE, _SECONDS = 700.0, 150.0
"""They go on arriving, though no more may be open: one in fifty leaves after the first turn."""
_TURNS, _THINK_S = 5, 120.0
"""Nobody comes back from thinking while this runs."""
_MOST_S = 110.0


def waiting(url: str) -> dict[str, float]:
    """Open conversations that wait, and megabytes of memory: before the first, and with all."""
    import gevent
    import psutil

    with tempfile.TemporaryDirectory() as folder:
        load = load_stage.profile(_RATE, _SECONDS, _TURNS, _THINK_S)
        player, clock = load_stage.player(url, load, folder)
        before = _megabytes()
        start = clock.now()
        playing = gevent.spawn(player.talk, start)
        while clock.now() - start < _MOST_S and len(player._talking) < CONVERSATIONS:
            gevent.sleep(0.2)
        # A few beats later hardly anything is under way, and idle connections are closed.
        gevent.sleep(5.0)
        while clock.now() - start < _MOST_S and len(player._talking) < CONVERSATIONS:
            gevent.sleep(0.001)
        found = {
            "open": len(player._talking),
            "megabytes": _megabytes(),
            "before": before,
            "connections": len(psutil.Process().net_connections("tcp")),
            "seconds": clock.now() - start,
        }
        playing.kill()
        return found


def _megabytes() -> Any:
    """This process's resident set, MB."""
    import psutil

    return psutil.Process().memory_info().rss / 1e6
