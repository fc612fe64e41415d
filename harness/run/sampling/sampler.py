"""Samples Redis, the replicas and the host once a second."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

import psutil

from chaos.errors import ChaosError
from chaos.fleet.pinning import Cores
from harness.run.sampling.container_cpu import Nodes
from harness.run.sampling.host import allowed_cores
from harness.run.sampling.own_cpu import OwnCpu
from harness.run.sampling.redis_events import slow_moments
from harness.run.sampling.redis_probe import RedisProbe
from harness.run.sampling.reference_work import ReferenceWork
from harness.run.sampling.replica_metrics import ReplicaMetrics, Served
from reports.records import RecordWriter, RunClock, Sample

_STEP_S = 1.0


class Sampled(Protocol):
    """A replica whose process can be measured."""

    @property
    def pid(self) -> int | None:
        """None while it does not run.  Raises ChaosError when that is unknown."""


class Sampler:
    """A thread that writes `Sample` records until it is stopped."""

    def __init__(
        self,
        writer: RecordWriter,
        clock: RunClock,
        redis_urls: Callable[[], Sequence[str]] | None,
        replicas: Mapping[str, Sampled],
        *,
        balancer: Callable[[], Mapping[str, Mapping[str, float]]] | None = None,
        envoy: Sampled | None = None,
        served: Mapping[str, Served] | None = None,
        database: Callable[[], Mapping[str, float]] | None = None,
        own_nodes: Nodes | None = None,
        cores: Cores | None = None,
    ) -> None:
        """`balancer` gives the balancer's counters for each replica, where it can be asked.

        `envoy` is the balancer's process; `served` are the replicas whose `/metrics` are read.

        `database` reads the database that holds the sessions, where there is one.

        `own_nodes`: everything that the run needs is below this process or is one of these nodes,
        so that all other CPU use of the machine is foreign, and the speed of this machine is that
        of the service: a reference work measures it.  None: not everything is.

        `cores`: the run is pinned, and the two parts of the machine are sampled as well.
        """
        self._writer = writer
        self._clock = clock
        self._redis = None if redis_urls is None else RedisProbe(redis_urls)
        self._replicas = _ProcessProbe(replicas)
        self._envoy = _ProcessProbe({} if envoy is None else {"envoy": envoy})
        self._metrics = ReplicaMetrics(served or {}, self._write)
        self._began = time.time()
        self._balancer = balancer
        self._database = database
        self._allowed = allowed_cores()
        self._cores = cores
        if cores is not None:
            self._allowed |= {*cores.replicas, *cores.others}
        self._own = None if own_nodes is None else OwnCpu(self._allowed, own_nodes)
        self._work = None if own_nodes is None else ReferenceWork()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)

    def start(self) -> None:
        """Take the first sample and go on once a second."""
        self._busy()  # the first call only starts the interval that the next one measures
        self._thread.start()
        self._metrics.start()
        if self._work is not None:
            self._work.start()

    def stop(self) -> None:
        """End after the current sample, and record the slow moments that Redis noted in the run."""
        self._stop.set()
        self._thread.join(3.0)
        self._metrics.stop()
        if self._work is not None:
            self._work.stop()
        if self._redis is not None and self._writer.failure is None:
            offset = self._clock.now() - time.time()
            for moment in slow_moments(self._redis.clients(), self._began):
                self._writer.write(Sample(moment.at + offset, moment.source, {"ms": moment.ms}))

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stop.is_set():
            try:
                self._sample()
            except OSError:
                if self._writer.failure is None:
                    raise
                return  # the disk is full: the watch ends the run
            due = max(due + _STEP_S, time.monotonic())
            self._stop.wait(due - time.monotonic())

    def _sample(self) -> None:
        host = {**self._busy(), "available": float(psutil.virtual_memory().available)}
        if self._own is not None and (own := self._own.read()) is not None:
            host |= {"own_percent": own, "cores": self._own.cores}
            # Under a limit below that of the cores the run can be out of CPU on an idle machine.
            host["cpu_percent"] = max(host["cpu_percent"], own)
        if self._work is not None and (seconds := self._work.read()) is not None:
            host["work_s"] = seconds
        self._write("host", host)
        for replica, counted in ({} if self._balancer is None else self._balancer()).items():
            self._write(f"balancer:{replica}", dict(counted))
        for name, values in self._replicas.read().items():
            self._write(f"replica:{name}", values)
        for name, values in self._envoy.read().items():
            self._write(name, values)
        if self._redis is not None and (values := self._redis.read()):
            self._write("redis", values)
        if self._database is not None and (sizes := self._database()):
            self._write("database", dict(sizes))

    def _write(self, source: str, values: dict[str, float]) -> None:
        self._writer.write(Sample(self._clock.now(), source, values))

    def _busy(self) -> dict[str, float]:
        """Percent of the run's cores since the last call, and of each part of a pinned run."""
        each = psutil.cpu_percent(percpu=True)
        busy = {"cpu_percent": _mean(each, self._allowed)}
        if self._cores is not None:
            busy["replicas_percent"] = _mean(each, self._cores.replicas)
            busy["others_percent"] = _mean(each, self._cores.others)
        return busy


def _mean(percents: Sequence[float], cores: Collection[int]) -> float:
    chosen = [percents[core] for core in cores if core < len(percents)] or percents
    return sum(chosen) / len(chosen)


class _ProcessProbe:
    def __init__(self, replicas: Mapping[str, Sampled]) -> None:
        self._replicas = replicas
        self._processes: dict[int, psutil.Process] = {}

    def read(self) -> dict[str, dict[str, float]]:
        """RSS and CPU of every running process that can be measured now."""
        values = {}
        for name, replica in self._replicas.items():
            # A process that Docker is slow to report is left out of this sample only.
            with contextlib.suppress(psutil.Error, ChaosError, OSError):
                if (pid := replica.pid) is None:
                    continue
                # Kept, because CPU is measured between two calls on the same object.
                process = self._processes.setdefault(pid, psutil.Process(pid))
                times = process.cpu_times()
                values[name] = {
                    "rss": float(process.memory_info().rss),
                    "cpu_percent": process.cpu_percent(),
                    # All seconds so far: differences are exact over any time.
                    "cpu_s": float(times.user + times.system),
                    # Tells one process of a replica from the next.
                    "pid": float(pid),
                }
        return values
