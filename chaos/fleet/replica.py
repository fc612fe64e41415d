"""One replica of the service: a process that serves on a port of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from chaos.errors import ChaosConfigError, ChaosError
from chaos.fleet.http_probe import get
from chaos.fleet.ports import LOOPBACK
from chaos.fleet.process import ManagedProcess
from chaos.fleet.stress_process import CpuStress
from reports.basics.exit_codes import ExitCode

_CONFIG_PREFIX = "diya: config: "


class Replica(ManagedProcess):
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
        self._stress = CpuStress(env)

    def stress_cpu(self, workers: int) -> None:
        """Start so many busy workers on one core with it.  Raises ChaosError."""
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

    def ready(self) -> bool:
        """Whether it says that it is ready, now."""
        answer = get(self.port, "/readyz")
        return answer is not None and answer[0] == 200

    def wait_ready(self, timeout: float = 30.0) -> None:
        """Wait until it is ready.

        Raises ChaosConfigError with the replica's own sentence when it refused its configuration,
        ChaosError with the end of its log when it ended or `timeout` seconds passed.
        """
        self.wait_until(self.ready, timeout, "ready")

    def check_alive(self) -> None:
        """Raise as `wait_ready` does when the process has ended."""
        if not self.running:
            raise self.died("ready")

    def died(self, what: str) -> ChaosError:
        """As `ManagedProcess.died`; a ChaosConfigError when it refused its configuration."""
        refusal = config_refusal(self.exit_code, self.log_tail())
        return ChaosConfigError(refusal) if refusal else super().died(what)


def config_refusal(exit_code: int | None, log: Sequence[str]) -> str | None:
    """The sentence with which a replica refused its configuration; None when it did not."""
    if exit_code == ExitCode.BAD_CONFIGURATION:
        for line in reversed(log):
            if line.startswith(_CONFIG_PREFIX):
                return line.removeprefix(_CONFIG_PREFIX).strip()
    return None
