"""What a server itself loses: writes of our own, remembered, and looked for after the fault.

With `appendfsync everysec` a killed Redis loses nothing as a rule, because the page cache survives
a process.  But while an fsync is slow, Redis puts its write to the file off, for up to two seconds,
and goes on acknowledging: what it then loses is its own declared weakness, not the service's.
Only the server's own word tells the two apart.
"""

from __future__ import annotations

import threading
import time

import redis

from chaos.redis_server import connect

LEAD_S = 2.2
"""Longer than Redis may put a write off."""
_KEY = "diya-canary"
_KEY_TTL_S = 60
_STEP_S = 0.005


class Canary:
    """Writes numbers to a server until it dies."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._acknowledged: list[float] = []
        """When each write was acknowledged, `time.monotonic`."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sing, name="canary", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write no more; a server that died has stopped it already."""
        self._stop.set()
        self._thread.join(3.0)

    def lost_since(self) -> float | None:
        """When the first write was acknowledged that the server lacks now; `time.monotonic`.

        None when it has them all.  Raises `redis.RedisError` when it does not answer.
        """
        with connect(self._url) as client:
            kept = int(str(client.llen(_KEY)))
            client.delete(_KEY)
        return self._acknowledged[kept] if kept < len(self._acknowledged) else None

    def _sing(self) -> None:
        try:
            with connect(self._url) as client:
                client.delete(_KEY)
                while not self._stop.wait(_STEP_S):
                    client.rpush(_KEY, len(self._acknowledged))
                    self._acknowledged.append(time.monotonic())
                    if len(self._acknowledged) == 1:
                        client.expire(_KEY, _KEY_TTL_S)
        except redis.RedisError:
            return  # it died, as was the plan
