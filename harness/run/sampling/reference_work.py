"""A fixed piece of work beside the load: its processor time shows how fast the machine is.

The same code costs up to half as much again on a machine whose other processors are busy, or that
shares its processors with others' virtual machines.  Costs of a turn are compared by this measure.
"""

from __future__ import annotations

import json
import threading
import time

_EVERY_S = 0.03
"""Short and often: about 2 % of a core, and 30 values a second, of which the mean is steady."""
_REPEATS = 8
_EVENT = {
    "author": "agent",
    "content": {"parts": [{"text": "x" * 200}, {"text": "y"}] * 6},
    "usage": [1.5, 2, 3] * 20,
}


class ReferenceWork:
    """A thread that does the work until it is stopped."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self._seconds, self._count = 0.0, 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reference-work", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, within the time of one piece of work."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(3.0)

    def read(self) -> float | None:
        """The mean processor seconds of the work since the last call; None: it was not done."""
        with self._lock:
            seconds, count = self._seconds, self._count
            self._seconds, self._count = 0.0, 0
        return seconds / count if count else None

    def _run(self) -> None:
        while not self._stop.wait(_EVERY_S):
            # Processor time of this thread: that it waits for others does not count.
            before = time.thread_time()
            _work()
            took = time.thread_time() - before
            with self._lock:
                self._seconds += took
                self._count += 1


def _work() -> int:
    """The work of a replica: events become JSON and back, texts, numbers and tables are made."""
    total = 0
    for _ in range(_REPEATS):
        event = json.loads(json.dumps(_EVENT))
        total += len(event["content"]["parts"])
        for number in range(200):
            total += number * number % 7
        total += len({str(number): [number] for number in range(100)})
    return total
