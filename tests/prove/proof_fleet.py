"""The fleet of a proof: a Redis of its own, and replicas that are called directly."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Self

import httpx
import psutil

from chaos.fleet.guardian import RUN_ID_VARIABLE, Guardian
from chaos.fleet.ports import LOOPBACK, free_port
from chaos.fleet.redis_client import connect
from chaos.fleet.redis_server import Fsync, RedisServer
from tests.prove.redis_proxy import RedisProxy

_READY_S = 60.0
_STARTS_AT_ONCE = 2


class Replica:
    """A replica, and a client that calls it without a balancer."""

    def __init__(self, name: str, port: int, pid: int) -> None:
        self.name = name
        self.http = httpx.Client(
            base_url=f"http://{LOOPBACK}:{port}",
            timeout=30,
            limits=httpx.Limits(max_connections=None),
            trust_env=False,
        )
        self._process = psutil.Process(pid)

    def wait_ready(self, log: Path) -> None:
        """Wait until it is ready, and sure to be the one behind its port."""
        end = time.monotonic() + _READY_S
        while not self._is_ready():
            assert self._process.is_running(), f"{self.name} ended at its start:\n{_tail(log)}"
            assert time.monotonic() < end, f"{self.name} is not ready:\n{_tail(log)}"
            time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL; returns when the process is gone."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self._process.kill()
            self._process.wait(10)

    def freeze(self) -> None:
        """SIGSTOP: its connections stay open, and nothing answers."""
        self._process.suspend()

    def thaw(self) -> None:
        """SIGCONT: it goes on where it was."""
        self._process.resume()

    def close(self) -> None:
        """Kill it, and hang up."""
        self.kill()
        self.http.close()

    def _is_ready(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            answer = self.http.get("/readyz")
            return answer.status_code == 200 and answer.headers["x-diya-replica"] == self.name
        return False


class ProofFleet:
    """A Redis (AOF everysec at first) and replicas; all of them are gone when the context ends."""

    def __init__(self, directory: Path) -> None:
        """Nothing is started."""
        self._logs = directory / "logs"
        self._run_id = uuid.uuid4().hex[:12]
        inherited = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("DIYA_", "GOOGLE_"))
        }
        self._env = {**inherited, RUN_ID_VARIABLE: self._run_id}
        # The bundled one knows WAITAOF, wherever this runs.
        self.redis = RedisServer("bundled", directory / "redis", env=self._env)
        self.proxy = RedisProxy(self.redis.port, self._env)
        """Between Redis and the replicas."""
        self._starters = ThreadPoolExecutor(_STARTS_AT_ONCE, "start")
        self._replicas: list[Replica] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._logs.mkdir()
        with contextlib.ExitStack() as stack:
            stack.callback(Guardian.start(self._run_id).close)
            stack.callback(self._end_redis)
            self.redis.start()
            self.redis.wait_ready()
            stack.enter_context(self.proxy)
            self._nursery = self._start_nursery()
            stack.callback(self._end_nursery)
            stack.callback(self._end_replicas)
            self._ends = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def flush(self, when: Fsync) -> None:
        """When Redis brings its file to the disk, from now on and after each restart."""
        self.redis.aof = when
        with connect(self.redis.url) as client:
            client.config_set("appendfsync", when)
            client.config_rewrite()

    def open(self, name: str, **settings: str) -> Future[Replica]:
        """A replica of this name, ready as soon as its turn to start has come."""
        return self._starters.submit(self._open, name, settings)

    def open_all(self, names: str, **settings: str) -> list[Replica]:
        """A ready replica for each letter."""
        futures = [self.open(name, **settings) for name in names]
        return [future.result() for future in futures]

    def _open(self, name: str, settings: dict[str, str]) -> Replica:
        port, log = free_port(), self._logs / f"{name}.log"
        proxied = self.redis.url.replace(f":{self.redis.port}/", f":{self.proxy.port}/")
        env = {
            "DIYA_REPLICA": name,
            # By the pipe, not in a command line: the password stands in it.
            "DIYA_REDIS_URL": proxied,
            "DIYA_TTL_SECONDS": "7200",
            **settings,
        }
        replica = Replica(name, port, self._fork({"port": port, "log": str(log), "env": env}))
        self._replicas.append(replica)
        replica.wait_ready(log)
        return replica

    def _fork(self, wanted: dict[str, object]) -> int:
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        with self._lock:
            self._nursery.stdin.write(json.dumps(wanted) + "\n")
            self._nursery.stdin.flush()
            answer = self._nursery.stdout.readline()
        assert answer.strip().isdigit(), _tail(self._logs / "nursery.log")
        return int(answer)

    def _start_nursery(self) -> subprocess.Popen[str]:
        with (self._logs / "nursery.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.prove.nursery"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=Path(__file__).parents[2],
                env=self._env,
                text=True,
            )

    def _end_replicas(self) -> None:
        self._starters.shutdown(cancel_futures=True)
        for replica in self._replicas:
            replica.close()

    def _end_nursery(self) -> None:
        self._nursery.kill()
        self._nursery.communicate()

    def _end_redis(self) -> None:
        self.redis.close()
        self.redis.wait_ended(5)


class Spares:
    """Replicas to be killed or frozen, started ahead, so that no fault waits for a start."""

    def __init__(self, fleet: ProofFleet, fault: str, count: int, ahead: int) -> None:
        self._fleet = fleet
        self._names = iter([f"{fault}{number:03d}" for number in range(1, count + 1)])
        self._started: deque[Future[Replica]] = deque()
        for _ in range(ahead):
            self._start_one()

    def take(self) -> Replica:
        """The next one, ready."""
        self._start_one()
        return self._started.popleft().result()

    def _start_one(self) -> None:
        if name := next(self._names, None):
            self._started.append(self._fleet.open(name))


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:] if log.exists() else "(no log)"
