"""One replica of the service: a process that serves on a port of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from chaos.errors import ChaosError
from chaos.fleet.ports import LOOPBACK
from chaos.fleet.process import ManagedProcess
from chaos.fleet.service_node import HttpReplica
from chaos.fleet.stress_process import CpuStress


class Replica(HttpReplica, ManagedProcess):
    """Ready when `GET /readyz` answers 200.  SIGTERM drains it: not ready first, then gone."""

    def __init__(
        self,
        name: str,
        port: int,
        env: Mapping[str, str],
        log: Path,
        command: Sequence[str],
        cores: Collection[int] | None = None,
    ) -> None:
        """Nothing is started.  `--host` and `--port` are added to `command`.

        With `cores` it runs on these only, at every start.
        """
        super().__init__(
            name,
            [*command, "--host", LOOPBACK, "--port", str(port)],
            log=log,
            env={**env, "DIYA_REPLICA": name, "PYTHONUNBUFFERED": "1"},
            cores=cores,
        )
        self.port = port
        self.health_path = "/readyz"
        self._stress = CpuStress(env)

    def stress_cpu(self, workers: int) -> None:
        """Start this many busy workers on one core with it.  Raises ChaosError."""
        pid = self.pid
        if pid is None:
            raise ChaosError(f"{self.name} does not run: it has no core to fight for")
        self._stress.start(pid, workers)

    def cpu_seconds(self) -> Sequence[float]:
        """The processor seconds that each worker has used."""
        return self._stress.seconds()

    def release_cpu(self) -> None:
        """End the workers."""
        self._stress.stop()

    def close(self) -> None:
        """Kill it and its stress workers without waiting, for good."""
        super().close()
        self._stress.stop()
