"""Synthetic users, for faults that need a reply under way.

They connect to a replica's own port, past the balancer, as a user and with sessions outside every
plan, so they are not counted.  Each has one session, and deletes it at its end.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Self

from chaos.errors import ChaosError
from chaos.faults.sse_client import Stream
from chaos.fleet.waiting import TimeLeft

_CUSTOMERS = 4
_PAUSE_S = 0.05
_GOODBYE_S = 3.0


class SyntheticUsers:
    """A few users that ask in a loop; leaving the context waits until they have ended."""

    def __init__(self, ports: Sequence[int], app: str) -> None:
        """Nothing is asked yet.  `ports` are those of the replicas, at least one."""
        self.asked = 0
        """The number of replies asked for, whether they came or not."""
        self.trouble: str | None = None
        """The error of the last question that could not be asked."""
        self._over = threading.Event()
        self._streams = [Stream(ports[n % len(ports)], app) for n in range(_CUSTOMERS)]
        self._threads = [
            threading.Thread(target=self._ask, args=(stream,), name="synthetic-user", daemon=True)
            for stream in self._streams
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for stream in self._streams:
            stream.hang_up()  # a slow model may be at its reply for minutes
        left = TimeLeft(_GOODBYE_S)
        for thread in self._threads:
            thread.join(left.seconds())

    def _ask(self, stream: Stream) -> None:
        with stream:
            while not self._over.is_set():
                try:
                    stream.ask()
                    self.asked += 1
                    stream.came_to_its_end()
                except ChaosError as error:
                    if not self._over.wait(_PAUSE_S):  # otherwise `__exit__` hung up
                        self.trouble = str(error)
            stream.forget()
