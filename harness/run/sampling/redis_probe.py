"""Reads the numbers of Redis: of one server, or summed over the primaries of several."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from chaos.fleet.redis_client import connect

_TIMEOUT_S = 0.8
"""Shorter than the sampler's step: a frozen Redis leaves a gap in its series, not in others'."""

_WRAP = 2.0**64
_REQUEST_BYTES = len(b"*2\r\n$4\r\nINFO\r\n$10\r\neverything\r\n")

_DATABASE = re.compile(r"db\d+")
_INFO_FIELDS = (
    "used_memory",
    "used_memory_rss",
    "used_memory_dataset",
    "mem_clients_normal",
    "mem_clients_slaves",
    "mem_replication_backlog",
    "mem_aof_buffer",
    "connected_clients",
    "maxclients",
    "rejected_connections",
    "maxmemory",
    "expired_keys",
    "evicted_keys",
)


class RedisProbe:
    """Reads INFO from the servers that hold the data at the moment."""

    def __init__(self, urls: Callable[[], Sequence[str]]) -> None:
        """`urls` gives the addresses of the primaries; none while they are unknown."""
        self._urls = urls
        self._clients: dict[str, Redis] = {}
        self._run_ids: frozenset[str] = frozenset()
        self._run = 0.0
        self._cpu: dict[str, tuple[float, float]] = {}
        """Address -> the time of the last reading, and the processor seconds read then."""
        self._own: dict[str, _OwnTraffic] = {}
        """By address."""

    def clients(self) -> list[Redis]:
        """One for each server that holds data now."""
        return [self._client(url) for url in self._urls()]

    def read(self) -> dict[str, float]:
        """One reading, summed; empty while any part of the data does not answer.

        `cpu_percent` is that of the busiest server, of the one core that its commands can use;
        `cpu_s` are the processor seconds of all main threads so far.
        """
        total: dict[str, float] = {}
        run_ids = []
        busy: list[float] = []
        used = 0.0
        for url in self._urls():
            try:
                info: dict[str, Any] = self._client(url).info("everything")
            except RedisError:
                return {}
            # Some servers that speak Redis's protocol have no run id.
            run_ids.append(str(info.get("run_id", "")))
            busy += self._busy(url, info)
            used += _main_thread_s(info) or 0.0
            for name, value in self._values(url, info).items():
                total[name] = total.get(name, 0.0) + value
        if not run_ids:
            return {}
        if frozenset(run_ids) != self._run_ids:
            self._run_ids = frozenset(run_ids)
            self._run += 1
        if used:
            total["cpu_s"] = used
        return {**total, **({"cpu_percent": max(busy)} if busy else {}), "run": self._run}

    def _busy(self, url: str, info: dict[str, Any]) -> list[float]:
        """Percent of one core since the last reading; none for the first, and after a restart."""
        now, used = time.monotonic(), _main_thread_s(info)
        if used is None:
            return []
        before, self._cpu[url] = self._cpu.get(url), (now, used)
        if before is None or used < before[1] or now <= before[0]:
            return []
        return [(used - before[1]) / (now - before[0]) * 100]

    def _values(self, url: str, info: dict[str, Any]) -> dict[str, float]:
        values = {name: signed(info.get(name, 0)) for name in _INFO_FIELDS}
        database = self._client(url).get_connection_kwargs().get("db") or 0
        keyspace = info.get(f"db{database}", {})
        values["keys"] = float(keyspace.get("keys", 0))
        values["persistent_keys"] = values["keys"] - float(keyspace.get("expires", 0))
        others = [each for name, each in info.items() if _DATABASE.fullmatch(name)]
        if elsewhere := sum(each["keys"] for each in others) - values["keys"]:
            values["other_keys"] = float(elsewhere)
        return {**values, **self._traffic(url, info)}

    def _traffic(self, url: str, info: dict[str, Any]) -> dict[str, float]:
        """The reads and the bytes from and to clients so far, without those of this probe."""
        own = self._own[url]
        if own.run_id != info.get("run_id", ""):
            own.restart(str(info["run_id"]))
        found = {}
        if "total_reads_processed" in info:
            found["reads"] = max(0.0, signed(info["total_reads_processed"]) - own.reads)
        both = [info.get(f"total_net_{way}_bytes") for way in ("input", "output")]
        if None not in both:
            # The reply that was just read is not in the counters yet.
            found["net_bytes"] = max(0.0, sum(map(signed, both)) - own.bytes_before)
        return found

    def _client(self, url: str) -> Redis:
        if url not in self._clients:
            self._clients[url] = connect(url, _TIMEOUT_S, decode=False)
            self._own[url] = _OwnTraffic(self._clients[url])
        return self._clients[url]


class _OwnTraffic:
    """Counts the reads and the bytes that the probe itself causes on a server, since its start."""

    def __init__(self, client: Redis) -> None:
        self.run_id = ""
        self.reads = 0
        self.bytes_before = 0
        """Of all replies but the last."""
        self._last = 0
        parse = client.response_callbacks["INFO"]

        def counted(response: Any, **options: Any) -> Any:
            self.reads += 1
            self.bytes_before += self._last + _REQUEST_BYTES
            self._last = len(response)
            return parse(response, **options)

        client.set_response_callback("INFO", counted)

    def restart(self, run_id: str) -> None:
        """Begin anew on a server that has restarted: it has seen one request."""
        self.run_id, self.reads, self.bytes_before = run_id, 1, _REQUEST_BYTES


def _main_thread_s(info: Mapping[str, Any]) -> float | None:
    """Processor seconds of the main thread so far, of the whole server where INFO has no others."""
    for suffix in ("_main_thread", ""):
        times = [info.get(f"used_cpu_{kind}{suffix}") for kind in ("user", "sys")]
        if None not in times:
            return sum(float(str(each)) for each in times)
    return None


def signed(value: Any) -> float:
    """A number of INFO, where a difference below zero wraps around 2^64.

    `used_memory_dataset` wraps on an almost empty server.
    """
    number = float(value)
    return number - _WRAP if number >= _WRAP / 2 else number
