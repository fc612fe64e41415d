"""How long replicas take to be ready: `make bench-start`.

One replica as a process, its CPU seconds from its first instruction to its first `200` of
`/readyz`, taken in turns with ADK's own `adk api_server` (which plays no turn before it is ready);
and, where there is a Docker engine, 12 containers that are started at once, by the clock.
`python -m tests.bench.start [--rounds N] [--replicas N]`, exit code 1 when the limit is missed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import psutil

from chaos.fleet.ports import free_port
from target_service.server.app import AGENTS
from tests.bench.session_limits import Limit, judge
from tests.containers import at_once
from tests.harness.command import wait_until

REPLICAS, READY_S = 12, 10.0
"""The limit is meant for two cores."""
_NO_REDIS = "redis://127.0.0.1:1/0"
"""A replica is ready whether or not Redis is."""
_PATIENCE_S = 120.0


def cpu_to_ready(command: Sequence[str], path: str) -> float:
    """CPU seconds that a server on `--port` has used when it first answers 200 at `path`."""
    port = free_port()
    process = subprocess.Popen(
        [*command, "--port", str(port)],
        env={**os.environ, "DIYA_REDIS_URL": _NO_REDIS},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(
            lambda: at_once.answers(port, path) or process.poll() is not None,
            _PATIENCE_S,
            "a server is ready",
        )
        times = psutil.Process(process.pid).cpu_times()
        return times.user + times.system
    finally:
        process.kill()
        process.wait()


def containers_ready(client: Any, image: str, replicas: int) -> float:
    """Seconds from the start of so many containers to the last one's readiness."""
    with at_once.replicas(client, image, replicas, mem_limit="512m") as made:
        begun = time.monotonic()
        at_once.start(list(made.values()))
        for port in made:
            wait_until(partial(at_once.answers, port), _PATIENCE_S, "a container is ready")
        return time.monotonic() - begun


def main() -> int:
    """Measure both."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.start", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--replicas", type=int, default=REPLICAS)
    args = parser.parse_args()
    ours = [sys.executable, "-m", "target_service"]
    adk = [sys.executable, "-c", "import sys; from google.adk.cli import main; sys.exit(main())"]
    adk += ["api_server", str(AGENTS), "--session_service_uri", "memory://"]
    cpu_to_ready(ours, "/readyz")  # byte code and the page cache are there from now on
    rounds = [
        (cpu_to_ready(ours, "/readyz"), cpu_to_ready(adk, "/list-apps")) for _ in range(args.rounds)
    ]
    mine, theirs = (statistics.median(each) for each in zip(*rounds, strict=True))
    ratio = statistics.median(a / b for a, b in rounds)
    print(f"· a replica is ready after {mine:.2f} s of CPU, `adk api_server` after {theirs:.2f} s")
    limits = [Limit("CPU of a replica's start, of `adk api_server`'s", ratio, 1.0)]
    if (client := _engine()) is None:
        print("· there is no Docker engine: containers were not started", flush=True)
    else:
        from tests.containers import images

        images.ensure()
        took = [containers_ready(client, images.SERVICE, args.replicas) for _ in range(3)]
        each = ", ".join(f"{seconds:.1f}" for seconds in sorted(took))
        print(f"· {args.replicas} containers were ready after {each} s, on {os.cpu_count()} cores")
        limits.append(
            Limit("until the last container is ready", statistics.median(took), READY_S, " s", 1)
        )
        client.close()
    return 0 if judge(limits) else 1


def _engine() -> Any:
    import docker

    try:
        client = docker.from_env()
        client.ping()
    except (docker.errors.DockerException, OSError):
        return None
    return client


if __name__ == "__main__":
    sys.exit(main())
