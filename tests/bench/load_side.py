"""The measuring processes of `tests.bench.load`, each one mode; the last line is its JSON."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

STALL_RUN_S = 20.0
_SECONDS = 6.0
_GREENLETS = 50
_EVENT = {"author": "agent", "content": {"parts": [{"text": "Your order is on its way."}]}}
_BODY = json.dumps([_EVENT]).encode()
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
_SESSION = json.dumps({"id": "s", "userId": "u", "events": []}).encode()


class _Server(asyncio.Protocol):
    """Answers everything at once, whatever it is."""

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
            self._data = self._data[size:]
            answer = (
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            )
            self._transport.write(answer % len(body) + body)


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
    from loadtests.histogram import Histogram

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


def _environment() -> Any:
    from locust.env import Environment

    environment = Environment()
    environment.create_local_runner()
    return environment


def _profile(rate: float, seconds: float, turns: int = 1, think_s: float = 1.0) -> Any:
    from loadtests import profile

    values = profile.load("smoke").to_dict()
    values["time"] = {**values["time"], "compression": 60, "ttl_seconds": 7200}
    values["load"] = {**values["load"], "base_rate": rate, "max_open": 20_000}
    values["phase"] = [{"name": "hold", "minutes": seconds, "hold": 1}]
    values["spike"] = []
    talk = values["conversation"]
    talk.update(mean_turns=turns, max_turns=turns, abandon_share=0, delete_share=0, stream_share=0)
    talk.update(think_median=think_s * 60, think_sigma=0.0, deadline_s=60, attempt_timeout_s=60)
    return profile.from_dict(values)


def _run(url: str, load: Any, folder: str) -> Any:
    from loadtests import settings

    run = {
        "run_id": "bench",
        "origin": time.time(),
        "seed": 1,
        "app": "a",
        "target": url,
        "ttl_seconds": load.real_ttl_seconds,
        "profile": load.to_dict(),
    }
    return settings.parse(Path(folder) / "run.json", run)


def _player(url: str, load: Any, folder: str) -> tuple[Any, Any, Any]:
    from loadtests.locustfile import observer
    from loadtests.player import Player
    from reports.records import RecordWriter, RunClock

    run = _run(url, load, folder)
    clock, writer = RunClock(run.origin), RecordWriter(Path(folder))
    observe = observer(_environment())
    player = Player(run, url, clock, writer, observe, lambda: sys.exit("the generator broke"))
    return player, clock, writer


def ours(url: str) -> dict[str, float]:
    """Conversations one after the other, everything recorded."""
    import gevent

    from loadtests import arrivals, conversation

    with tempfile.TemporaryDirectory() as folder:
        load = _profile(100, 60)
        player, clock, _ = _player(url, load, folder)
        planned = arrivals.stream(load, 1)
        running = True

        def talk() -> None:
            while running:
                plan = conversation.plan(load, next(planned), "bench")
                messages = plan.messages[:1] * 20
                plan = dataclasses.replace(plan, messages=messages, think_seconds=(0.0,) * 19)
                customer = dataclasses.replace(player._customer(next(planned)), plan=plan)
                customer.due = clock.now()
                customer.play()

        greenlets = [gevent.spawn(talk) for _ in range(_GREENLETS)]
        stats = _stats_of(player)
        gevent.sleep(1.0)
        begun, before = time.process_time(), stats.num_requests
        gevent.sleep(_SECONDS)
        rate = (stats.num_requests - before) / (time.process_time() - begun)
        running = False
        gevent.killall(greenlets)
    return {"per_cpu_second": rate}


def _stats_of(player: Any) -> Any:
    """Locust's own statistics of what this player asks, fed by its observer."""
    closure = player._desk.service._observe.__closure__
    return closure[0].cell_contents.stats.total


def plain(url: str) -> dict[str, float]:
    """What a Locust user would write."""
    from locust import FastHttpUser, constant, task
    from locust.env import Environment

    body = {
        "appName": "a",
        "userId": "u",
        "sessionId": "s",
        "newMessage": {"role": "user", "parts": [{"text": "Where is my order ORD-58291?"}]},
    }

    class Plain(FastHttpUser):  # type: ignore[misc]
        host = url
        wait_time = constant(0)

        @task  # type: ignore[untyped-decorator]
        def turn(self) -> None:
            self.client.post("/run", json=body)

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


def _records(folder: str, kind: Any) -> list[Any]:
    from reports.records import FILES, from_json

    lines = (Path(folder) / FILES[kind]).read_bytes().splitlines()
    return [from_json(kind, line) for line in lines]


def open_loop(url: str) -> dict[str, float]:
    """100 turns a second, evenly enough, for the length of the stall's run."""
    from reports.percentiles import percentile
    from reports.records import TurnRecord

    with tempfile.TemporaryDirectory() as folder:
        player, clock, _ = _player(url, _profile(100, STALL_RUN_S), folder)
        print("begun", flush=True)
        player.talk(clock.now())
        latencies = sorted(turn.latency for turn in _records(folder, TurnRecord))
    return {"p95": percentile(latencies, 95)}


def closed_loop(url: str) -> dict[str, float]:
    """Ten users, ten turns a second each, as `constant_pacing` would have it."""
    import gevent

    from loadtests.client import Client
    from reports.percentiles import percentile

    client, latencies = Client(url, connections=10), list[float]()
    end = time.monotonic() + STALL_RUN_S

    def user() -> None:
        while (begun := time.monotonic()) < end:
            client.send("POST", "/run", b"{}", 60)
            latencies.append(time.monotonic() - begun)
            gevent.sleep(max(0.0, begun + 0.1 - time.monotonic()))

    print("begun", flush=True)
    gevent.joinall([gevent.spawn(user) for _ in range(10)])
    return {"p95": percentile(sorted(latencies), 95)}


def main() -> None:
    """Run one mode."""
    mode, *rest = sys.argv[1:]
    if mode == "server":
        return server()
    if mode == "recording":
        found = recording()
    else:
        import locust  # noqa: F401  (patches everything, as in a run)

        modes = {"ours": ours, "plain": plain, "open": open_loop, "closed": closed_loop}
        found = modes[mode](rest[0])
    print(json.dumps(found), flush=True)
    sys.stdout.flush()
    import os

    os._exit(0)


if __name__ == "__main__":
    main()
