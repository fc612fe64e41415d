"""The measuring processes of `tests.bench.load`, each one mode; the last line is its JSON."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import json
import logging
import random
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from tests.bench import load_lag, load_stage, load_stall, load_waiting

_SECONDS = 12.0
"""Half of it, for two processes that run in turns."""
_GREENLETS = 50
_EVENT = {"author": "agent", "content": {"parts": [{"text": "Your order is on its way."}]}}
_BODY = json.dumps([_EVENT]).encode()
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
_SESSION = json.dumps({"id": "s", "userId": "u", "events": []}).encode()


class _Server(asyncio.Protocol):
    """Answers every request at once."""

    def connection_made(self, transport: Any) -> None:
        self._transport, self._data = transport, b""

    def data_received(self, data: bytes) -> None:
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            head = self._data[:end].lower()
            _, found, length = head.partition(b"content-length:")
            size = end + 4 + (int(length.split(b"\r\n")[0]) if found else 0)
            if len(self._data) < size:
                return
            body = _BODY if b" /run" in head[:12] else _SESSION
            if head.startswith(b"post /stall "):
                body = load_stall.stand_still()
            self._data = self._data[size:]
            self._transport.write(_HEAD % len(body) + body)


def server() -> None:
    """Serve on a free port, and print it."""
    import uvloop

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        listening = await loop.create_server(_Server, "127.0.0.1", 0, backlog=4096)
        print(listening.sockets[0].getsockname()[1], flush=True)
        await asyncio.Event().wait()

    uvloop.run(serve())


def recording() -> dict[str, float]:
    """Microseconds a value, and the relative error at p99.9."""
    from loadtests.generator.histogram import Histogram

    rng = random.Random(1)
    values = [rng.lognormvariate(-3.0, 1.5) for _ in range(200_000)]
    times = []
    for _ in range(5):
        histogram = Histogram()
        begun = time.process_time()
        for value in values:
            histogram.record(value)
        times.append(time.process_time() - begun)
    exact = sorted(values)[-(len(values) // 1000) - 1]
    error = abs(histogram.quantile(0.999) / exact - 1)
    return {"microseconds": min(times) / len(values) * 1e6, "error": error}


def ours(url: str) -> dict[str, float]:
    """Conversations one after the other, everything recorded."""
    import gevent

    from loadtests.arrivals import arrivals
    from loadtests.locustfile import observer

    environment = load_stage.environment()
    stats = environment.stats.total
    with tempfile.TemporaryDirectory() as folder:
        load = load_stage.profile(100, 60)
        player, clock = load_stage.player(url, load, folder, observer(environment))
        planned = itertools.cycle(itertools.islice(arrivals.stream(load, 1), 1000))
        running = True

        def talk() -> None:
            while running:
                customer = player._customer(next(planned))
                customer.plan = dataclasses.replace(
                    customer.plan,
                    messages=customer.plan.messages[:1] * 20,
                    think_seconds=(0.0,) * 19,
                )
                customer.due = clock.now()
                customer.play()

        greenlets = [gevent.spawn(talk) for _ in range(_GREENLETS)]
        gevent.sleep(1.0)
        begun, before = time.process_time(), stats.num_requests
        gevent.sleep(_SECONDS)
        rate = (stats.num_requests - before) / (time.process_time() - begun)
        running = False
        gevent.killall(greenlets)
    return {"per_cpu_second": rate}


def plain(url: str) -> dict[str, float]:
    """A plain Locust user, as in Locust's documentation."""
    from locust import FastHttpUser, constant, task
    from locust.env import Environment

    class Plain(FastHttpUser):  # type: ignore[misc]
        host = url
        wait_time = constant(0)

        @task  # type: ignore[untyped-decorator]
        def turn(self) -> None:
            self.client.post("/run", json=load_stage.REQUEST)

    import gevent

    environment = Environment(user_classes=[Plain])
    runner = environment.create_local_runner()
    runner.start(_GREENLETS, _GREENLETS)
    gevent.sleep(2.0)
    begun, before = time.process_time(), environment.stats.total.num_requests
    gevent.sleep(_SECONDS)
    rate = (environment.stats.total.num_requests - before) / (time.process_time() - begun)
    runner.quit()
    return {"per_cpu_second": rate}


def main() -> None:
    """Run one mode."""
    mode, *rest = sys.argv[1:]
    if mode == "server":
        return server()
    if mode == "recording":
        found = recording()
    else:
        import locust  # noqa: F401  (patches everything, as in a run)

        # How many open files are allowed is no line of the table.
        logging.getLogger("diya.load").setLevel(logging.ERROR)
        modes: dict[str, Callable[..., Any]] = {
            "ours": ours,
            "plain": plain,
            "open": load_stall.open_loop,
            "closed": load_stall.closed_loop,
            "lag": load_lag.lag,
            "waiting": load_waiting.waiting,
        }
        found = modes[mode](*rest)
    print(json.dumps(found), flush=True)
    sys.stdout.flush()
    import os

    os._exit(0)


if __name__ == "__main__":
    main()
