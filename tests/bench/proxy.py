"""The cost of the network proxy for a Redis operation through it.

One server, one connection straight to it and one through the proxy.  Operations take turns between
the two, so that other load on the machine hits both alike; the medians are compared.  The
operations are those of a turn: a PING, a GET of 1 kB, and a script that appends 1 kB.
`python -m tests.bench.proxy [--operations N]`, exit code 1 when the limit is missed.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from chaos.fleet.network import ProxyProcess
from chaos.fleet.redis_client import connect
from chaos.fleet.redis_server import RedisServer
from tests.bench.session_limits import Limit, judge

LIMIT_MS = 0.15
_WARM_UP = 200
_SCRIPT = "redis.call('RPUSH', KEYS[1], ARGV[1]) redis.call('LTRIM', KEYS[1], -9, -1) return 1"


class RawConnection:
    """A bare connection, because the path is measured and not a client."""

    def __init__(self, port: int, password: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.ask(command("AUTH", password))

    def ask(self, request: bytes) -> float:
        """Send, and wait for the whole answer; seconds."""
        begun = time.perf_counter()
        self._socket.sendall(request)
        heard = self._socket.recv(65536)
        while not _whole(heard):
            heard += self._socket.recv(65536)
        took = time.perf_counter() - begun
        if heard.startswith(b"-"):
            raise RuntimeError(heard.decode())
        return took

    def close(self) -> None:
        """Close it."""
        self._socket.close()


def command(*words: str) -> bytes:
    """A command as Redis reads it."""
    parts = [f"*{len(words)}\r\n", *(f"${len(word)}\r\n{word}\r\n" for word in words)]
    return "".join(parts).encode()


def _whole(answer: bytes) -> bool:
    if not answer.startswith(b"$"):
        return answer.endswith(b"\r\n")
    head, _, _ = answer.partition(b"\r\n")
    return len(answer) == len(head) + 2 + int(head[1:]) + 2


def measure(
    count: int, direct: RawConnection, through: RawConnection, request: bytes
) -> tuple[float, float]:
    """Median milliseconds of the operation, straight and through the proxy."""
    ways = (direct, through)
    took: tuple[list[float], list[float]] = ([], [])
    for number in range(_WARM_UP + count):
        for way in (0, 1) if number % 2 else (1, 0):
            seconds = ways[way].ask(request)
            if number >= _WARM_UP:
                took[way].append(seconds * 1000)
    return statistics.median(took[0]), statistics.median(took[1])


def main(operations: int) -> int:
    """Measure, print a table, judge; returns the exit code."""
    requests: Mapping[str, bytes] = {
        "PING": command("PING"),
        "GET of 1 kB": command("GET", "value"),
        "script that appends 1 kB": command("EVAL", _SCRIPT, "1", "events", "x" * 1000),
    }
    print(f"{operations:,} operations each, straight and through the proxy by turns, ms at p50\n")
    print(f"{'operation':<28}{'straight':>10}{'through':>10}{'overhead':>10}{'proxy CPU':>14}")
    limits = []
    with tempfile.TemporaryDirectory(prefix="diya-bench-") as folder:
        server = RedisServer("bundled", Path(folder) / "redis")
        proxy = ProxyProcess(Path(folder) / "proxy.log", os.environ)
        port = proxy.plan("redis", "r01", server.port)
        try:
            server.start()
            server.wait_ready()
            proxy.open()
            with connect(server.url) as client:
                client.set("value", "x" * 1000)
            password = server.url.split(":")[2].partition("@")[0]
            direct, through = RawConnection(server.port, password), RawConnection(port, password)
            process = psutil.Process(proxy.pid)
            for name, request in requests.items():
                before = process.cpu_times()
                straight, longer = measure(operations, direct, through, request)
                after = process.cpu_times()
                used = after.user + after.system - before.user - before.system
                cpu = 1e6 * used / (operations + _WARM_UP)
                over = longer - straight
                print(f"{name:<28}{straight:>10.3f}{longer:>10.3f}{over:>10.3f}{cpu:>11.0f} µs")
                limits.append(Limit(f"overhead of the proxy, {name}", over, LIMIT_MS, " ms", 3))
            direct.close()
            through.close()
        finally:
            proxy.close()
            server.close()
            proxy.wait_ended(5)
            server.wait_ended(5)
    return 0 if judge(limits) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.proxy")
    parser.add_argument("--operations", type=int, default=5000)
    sys.exit(main(parser.parse_args().operations))
