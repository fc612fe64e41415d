"""The CPU of a fleet in containers is the run's own: only that of others excuses a slow run."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chaos.containers.container_fleet import ContainerFleet, Images
from harness.run.sampling.container_cpu import ContainerCpu, nodes_of
from tests.harness import command

_USES_A_SECOND = "import time\nwhile time.process_time() < 1: pass"


def test_cpu_of_a_container_is_known_until_shortly_before_its_end(
    tmp_path: Path, local_images: Any
) -> None:
    images = Images(local_images.SERVICE, local_images.REDIS, local_images.ENVOY)
    with ContainerFleet(tmp_path, secrets.token_hex(6), images=images, replicas=1) as fleet:
        fleet.start()
        nodes = nodes_of(fleet)
        assert nodes is not None
        assert len(nodes()) == 3
        fleet.wait_ready(90)
        replica = fleet.replicas["r01"]
        cpu = ContainerCpu(nodes)
        # A command in the container, as health checks are.
        subprocess.run(["docker", "exec", replica.id, "python", "-c", _USES_A_SECOND], check=True)
        used = cpu.read()
        assert used is not None
        assert used > 0.9
        replica.kill()
        assert cpu.read() is None, "what it used last is gone"
        assert cpu.read() is not None, "it is known to be down"
        replica.start()
        command.wait_until(lambda: cpu.read() is not None, 10, "its new process is known")
        replica.wait_ready(60)
        used = cpu.read()
        assert used is not None
        assert used > 0.1, "its start counts"


@contextmanager
def busy_neighbours() -> Iterator[None]:
    """A process for each core that never waits."""
    words = [sys.executable, "-c", "while True: pass"]
    started = [subprocess.Popen(words) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for each in started:
            each.kill()
            each.wait()


def test_a_slow_run_in_containers_beside_busy_neighbours_proves_nothing(
    tmp_path: Path, local_images: Any
) -> None:
    with busy_neighbours():
        finished = command.run(
            *("readiness", "--env", "containers", "--image", local_images.SERVICE),
            *("--redis-image", local_images.REDIS, "--envoy-image", local_images.ENVOY),
            *("--profile", str(command.HERE / "tiny.toml"), "--experiment", "none"),
            # Slower than that is every turn, on any machine.
            *("--slo", "steady_p99_s=0.001", "--no-rehearsal", "--replicas", "1"),
            *("--out", str(tmp_path)),
            timeout=240,
        )
    said = finished.stdout + finished.stderr
    result = json.loads((command.only_run(tmp_path) / "result.json").read_text())
    assert result["verdict"] == "INCONCLUSIVE", said
    gates = {each["name"]: each for each in result["gates"]}
    assert gates["latency.steady_p99"]["status"] == "fail", said
    machine = gates["validity.foreign_cpu"]
    assert machine["status"] == "fail", said
    assert "Latency in the steady state failed while other processes used" in machine["summary"]
