"""A thread that asks Redis for a sign of life over and over: the longest time without an answer."""

from __future__ import annotations

import threading
import time
from typing import Self

from redis.exceptions import RedisError

from chaos.fleet.redis_client import connect

_ANSWER_S = 60.0


class Pinger:
    """Sends PING, waits for the answer and pauses; a context manager."""

    longest_s: float = 0.0
    """The longest time that one PING took."""

    def __init__(self, url: str, pause_s: float = 0.001) -> None:
        """`pause_s` is the time between an answer and the next PING."""
        self._redis = connect(url, _ANSWER_S)
        self._pause_s = pause_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ping, name="pinger", daemon=True)

    def __enter__(self) -> Self:
        self._redis.ping()  # the connection is made before the first measured one
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._redis.close()

    def _ping(self) -> None:
        while not self._stop.wait(self._pause_s):
            begun = time.monotonic()
            try:
                self._redis.ping()
            except RedisError:
                return
            self.longest_s = max(self.longest_s, time.monotonic() - begun)
