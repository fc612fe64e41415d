"""A probe of the writes that a server itself loses: written, noted, and read back afterwards.

With `appendfsync everysec` a killed Redis loses nothing as a rule, because the page cache survives
a process.  But while an fsync is slow, Redis puts its write to the file off, for up to two seconds,
and goes on acknowledging: such a loss is the server's declared weakness, not the service's.
Only the server itself can tell the two apart.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence

import redis

from chaos.errors import ChaosError
from chaos.fleet.redis_client import connect

LEAD_S = 2.2
"""Longer than Redis may put a write off."""
_KEY = "diya-write-probe"
_KEYS = 1000
_KEY_TTL_S = 60
_STEP_S = 0.005


class WriteProbe:
    """Writes numbers to a server until it dies."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._key = _KEY
        self._acknowledged: list[float] = []
        """When each write was acknowledged, `time.monotonic`."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write_loop, name="write-probe", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write no more; a server that died has stopped it already."""
        self._stop.set()
        self._thread.join(3.0)

    def lost_since(self, primaries: Sequence[str]) -> float | None:
        """When the first write was acknowledged that the servers lack now; `time.monotonic`.

        `primaries` are the addresses of those that hold the data now.  None when they have all.
        Raises ChaosError when none of them can tell.
        """
        for url in primaries:
            with contextlib.suppress(redis.RedisError), connect(url) as client:
                kept = int(str(client.llen(self._key)))  # MOVED: another server has it
                with contextlib.suppress(redis.RedisError):
                    client.delete(self._key)  # otherwise its TTL removes it
                return self._acknowledged[kept] if kept < len(self._acknowledged) else None
        raise ChaosError("no primary of Redis says which writes it has kept")

    @property
    def last_ack(self) -> float | None:
        """When the last write was acknowledged, `time.monotonic`; None: none was."""
        return self._acknowledged[-1] if self._acknowledged else None

    def _write_loop(self) -> None:
        try:
            with connect(self._url) as client:
                self._choose_key(client)
                client.delete(self._key)
                while not self._stop.wait(_STEP_S):
                    self._write(client)
                    self._acknowledged.append(time.monotonic())
        except redis.RedisError:
            return  # the server died, as planned

    def _write(self, client: redis.Redis) -> None:
        # There is never a key without a TTL, not even after a FLUSHALL: it would count as the
        # service's.
        with client.pipeline(transaction=True) as both:
            both.rpush(self._key, len(self._acknowledged))
            both.expire(self._key, _KEY_TTL_S)
            both.execute()

    def _choose_key(self, client: redis.Redis) -> None:
        """In a cluster: one that belongs on this server."""
        for number in range(_KEYS):
            self._key = f"{_KEY}-{number}"
            try:
                client.exists(self._key)
                return
            except redis.exceptions.MovedError:
                continue
