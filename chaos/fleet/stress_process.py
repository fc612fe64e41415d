"""Processes that take processor time or memory away, and carry the run's id."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

import psutil

_SPIN = "while True: pass"


class CpuStress:
    """Workers that fight with one process for one core."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = dict(env)
        self._workers: list[subprocess.Popen[bytes]] = []
        self._victim: tuple[int, list[int]] | None = None
        """Pid, and the cores that it may use otherwise."""

    def start(self, victim: int, workers: int) -> None:
        """Bring the process `victim` and this many workers together on one core.

        Where a process cannot be bound to a core, each core gets this many workers.
        """
        core = None
        process = psutil.Process(victim)
        if hasattr(process, "cpu_affinity"):
            cores = process.cpu_affinity()
            core = cores[victim % len(cores)]
            self._victim = (victim, cores)
            process.cpu_affinity([core])
        for _ in range(workers if core is not None else workers * (os.cpu_count() or 1)):
            worker = subprocess.Popen(
                [sys.executable, "-c", _SPIN],
                stdin=subprocess.DEVNULL,
                env=self._env,
                start_new_session=True,
            )
            self._workers.append(worker)
            if core is not None:
                with contextlib.suppress(psutil.Error):
                    psutil.Process(worker.pid).cpu_affinity([core])

    def seconds(self) -> Sequence[float]:
        """The processor seconds that each living worker has used."""
        used = []
        for worker in self._workers:
            with contextlib.suppress(psutil.Error):
                times = psutil.Process(worker.pid).cpu_times()
                used.append(float(times.user + times.system))
        return used

    def stop(self) -> None:
        """End the workers and give the victim its cores back."""
        for worker in self._workers:
            worker.kill()
            worker.wait()
        self._workers.clear()
        if self._victim is not None:
            pid, cores = self._victim
            self._victim = None
            with contextlib.suppress(psutil.Error):
                psutil.Process(pid).cpu_affinity(cores)
