"""A harness that is killed in any phase of a fault leaves the project as it was, within 10 s."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests import tools
from tests.containers.project import doomed_run
from tests.containers.project import shop as shops
from tests.containers.project.shop import Shop
from tests.harness import command

pytestmark = [pytest.mark.docker, pytest.mark.slow]

HEALED_S = 10.0
_LATEST_S = 0.3
"""The kill comes at most so long after the phase has begun."""


@pytest.fixture(scope="module")
def shop(engine: Any, local_images: Any) -> Iterator[Shop]:
    """The running project."""
    tools.require("docker-compose")
    with shops.up() as project:
        yield project


def kills() -> list[tuple[str, str]]:
    """Fault and phase of every kill: each fault, the phases in turn; DIYA_KILLS wants so many."""
    phases, faults = doomed_run.PHASES, list(doomed_run.FAULTS)
    count = int(os.environ.get("DIYA_KILLS", len(faults)))
    pairs = [(fault, phases[(n + turn) % 4]) for turn in range(4) for n, fault in enumerate(faults)]
    return [pairs[number % len(pairs)] for number in range(count)]


@pytest.mark.parametrize(
    ("number", "fault", "phase"), [(n, *each) for n, each in enumerate(kills())]
)
def test_a_killed_harness_leaves_the_project_as_it_was(
    number: int, fault: str, phase: str, shop: Shop, tmp_path: Path
) -> None:
    before = shop.state()
    harness = subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.containers.project.doomed_run"),
            *(shop.name, fault, phase, str(tmp_path)),
        ],
        cwd=command.ROOT,
        env={**os.environ, shops.PASSWORD_ENV: shop.password},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert harness.stdout is not None
    with harness, harness.stdout:
        said = iter(harness.stdout.readline, "")
        assert any(line.strip() == phase for line in said), "the harness ended too early"
        time.sleep(random.Random(number).uniform(0.0, _LATEST_S))
        harness.send_signal(signal.SIGKILL)
    # The guardian ends when nothing is on its way any more: a drain, or a command of the dead.
    took = command.wait_until(
        lambda: not guarded(shop) and shop.state() == before, HEALED_S, "the project is as it was"
    )
    print(f"{fault}, killed in {phase}: healed, and the guardian gone, after {took:.2f} s")
    command.wait_until(shop.answers, 60, "an agent answers through the front")


def guarded(shop: Shop) -> bool:
    """Whether a guardian of the project is there."""
    words = ["chaos.containers.project.project_guardian", shop.name]
    return any(
        (each.info["cmdline"] or [])[-2:] == words for each in psutil.process_iter(["cmdline"])
    )
