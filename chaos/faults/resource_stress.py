"""Processes that take processor time or memory away."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from random import Random
from typing import ClassVar

import psutil

from chaos.errors import ChaosError
from chaos.faults.base import Area
from chaos.faults.drawing import Drawing, NeverDrawn, between, seconds
from chaos.faults.parameter import parameter
from chaos.faults.targeted import LastingFault, ReplicaFault
from chaos.fleet.environment import SystemUnderTest
from chaos.fleet.node_capabilities import stressable
from chaos.fleet.waiting import holds_within

MOST_WORKERS = 16
_MOST_OF_FREE = 0.5
"""The largest share of the machine's free memory taken: the fault must not end the run."""
_WORKED_S = 0.05
_WORK_TIMEOUT_S = 10.0
_MEMORY_TIMEOUT_S = 20.0
_HOLD = """\
import sys, time
held = bytearray(int(sys.argv[1]))
for place in range(0, len(held), 4096):
    held[place] = 1
time.sleep(600)
"""


@dataclass
class CpuHog(ReplicaFault):
    """Busy workers fight with one replica for its core."""

    kind: ClassVar[str] = "cpu-hog"
    always_needs: ClassVar[frozenset[str]] = frozenset({"cpu"})
    exclusive_setting: ClassVar[str | None] = "the cores"
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(seconds("duration", 1, 3), 1.5)
    workers: int = parameter(2, "how many fight with the replica for its core", "processes")

    def __post_init__(self) -> None:
        super().__post_init__()
        if type(self.workers) is not int or not 1 <= self.workers <= MOST_WORKERS:
            raise ValueError(f"workers must be from 1 to {MOST_WORKERS}, got {self.workers!r}")

    def inject(self, env: SystemUnderTest) -> None:
        """Start the workers."""
        stressable(self.victim).stress_cpu(self.workers)

    def verify(self, env: SystemUnderTest) -> bool:
        """Each worker has been seen to use processor time."""
        stressed = stressable(self.victim)

        def all_work() -> bool:
            return min(stressed.cpu_seconds(), default=0.0) > _WORKED_S

        return holds_within(all_work, _WORK_TIMEOUT_S)

    def heal(self, env: SystemUnderTest) -> None:
        """End the workers; the replica is ready."""
        if self._victim is not None:
            stressable(self._victim).release_cpu()
        super().heal(env)


@dataclass
class MemoryHog(LastingFault):
    """A process takes `megabytes` of memory, never more than half of the free memory."""

    kind: ClassVar[str] = "memory-hog"
    area: ClassVar[Area] = "replica"
    always_needs: ClassVar[frozenset[str]] = frozenset({"memory"})
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(
        lambda rng, on: {
            "duration": between(rng, on, 1, 3),
            "megabytes": rng.choice((32, 64, 128)),
        },
        1.5,
    )
    megabytes: int = parameter(256, "how much memory is taken", "MB")

    _process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if type(self.megabytes) is not int or self.megabytes < 1:
            raise ValueError(f"megabytes must be a whole number above 0, got {self.megabytes!r}")

    def aim(self, env: SystemUnderTest, rng: Random) -> str:
        """The machine."""
        return "host"

    def inject(self, env: SystemUnderTest) -> None:
        """Take it.  Raises ChaosError when too little is free."""
        most = psutil.virtual_memory().available * _MOST_OF_FREE
        if self.megabytes * 1e6 > most:
            raise ChaosError(
                f"megabytes = {self.megabytes}: at most {most / 1e6:.0f} can be taken now"
            )
        self._process = subprocess.Popen(
            [sys.executable, "-c", _HOLD, str(self.megabytes * 1_000_000)],
            stdin=subprocess.DEVNULL,
            env=dict(env.process_env),
            start_new_session=True,
        )

    def verify(self, env: SystemUnderTest) -> bool:
        """The process has the memory."""
        process = self._process
        if process is None:
            return False

        def has_it_or_ended() -> bool:
            return process.poll() is not None or _resident(process.pid) >= self.megabytes * 1e6

        return holds_within(has_it_or_ended, _MEMORY_TIMEOUT_S) and process.poll() is None

    def heal(self, env: SystemUnderTest) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def _resident(pid: int) -> float:
    """The resident memory of a process, bytes."""
    return float(psutil.Process(pid).memory_info().rss)
