"""Locust as subprocesses: one alone, or a master and workers; started, watched, ended."""

from __future__ import annotations

import logging
import os
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import diya_start
from chaos.fleet.guardian import RUN_ID_VARIABLE
from chaos.fleet.ports import LOOPBACK, free_port
from chaos.fleet.waiting import TimeLeft
from harness.errors import GeneratorError

_LOG = logging.getLogger(__name__)

LOCUSTFILE = Path(__file__).resolve().parents[3] / "loadtests" / "locustfile.py"
_END_S = 2.5
Process = subprocess.Popen[bytes]
_COMMAND = diya_start.command("locust", "-f", str(LOCUSTFILE), "--headless")
_QUIET = ("--only-summary", "--loglevel", "WARNING")


@dataclass(frozen=True)
class Workers:
    """The processes that play the load: by default one process, without a master."""

    count: int = 1
    bind: tuple[str, int] | None = None
    """The address that workers of other machines join; None: all workers run on this machine."""

    @property
    def alone(self) -> bool:
        """Whether one process plays the whole load."""
        return self.count == 1 and self.bind is None


def start_worker(host: str, port: int, log: Path, env: Mapping[str, str]) -> Process:
    """Start one worker of the master at `host`:`port`."""
    command = [*_COMMAND, "--worker", "--master-host", host, "--master-port", str(port), *_QUIET]
    return _start(command, log, env)


class Load(Protocol):
    """The load of one run, under way."""

    @property
    def exit_code(self) -> int | None:
        """The exit code of the process in charge of the load; None while it runs."""

    @property
    def running(self) -> bool:
        """Whether it still runs."""

    def check_started(self) -> None:
        """Raise GeneratorError with the end of its log if it has ended already."""

    def stop(self) -> None:
        """End the load; its processes write their last records."""


class Generator:
    """The load generator of one run; it reads `run.json` and writes its records beside it."""

    def __init__(
        self,
        run_dir: Path,
        run_id: str,
        target: str,
        workers: Workers | None = None,
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Starts the processes; `variables` are further ones of their environment."""
        workers = workers or Workers()
        self._logs = run_dir / "logs"
        command = [*_COMMAND, "--users", "1", "--spawn-rate", "1", "--host", target, *_QUIET]
        # The judge decides about failed turns; Locust's exit code shows only a broken generator.
        command += ["--exit-code-on-error", "0", "--stop-timeout", "2"]
        # The harness checked the target before the load began: its processes may use it too.
        env = {**os.environ, **variables, RUN_ID_VARIABLE: run_id, "DIYA_AUTHORISED": "1"}
        here = {**env, "DIYA_RUN_DIR": str(run_dir.absolute())}
        host, port = workers.bind or (LOOPBACK, 0 if workers.alone else free_port())
        if not workers.alone:
            command += ["--master", "--master-bind-host", host, "--master-bind-port", str(port)]
            command += ["--expect-workers", str(workers.count)]
        self._processes = [_start(command, self._logs / "locust.log", here)]
        if not workers.alone and workers.bind is None:
            for number in range(workers.count):
                log = self._logs / f"locust-worker-{number + 1}.log"
                self._processes.append(start_worker(host, port, log, env))

    @property
    def pid(self) -> int:
        """The process id of the generator, of its master when there are several processes."""
        return self._processes[0].pid

    @property
    def exit_code(self) -> int | None:
        """The exit code of the one process, or of the master; None while it runs."""
        return self._processes[0].poll()

    @property
    def running(self) -> bool:
        """Whether it still runs: the one process, or the master."""
        return self.exit_code is None

    def check_started(self) -> None:
        """Raise GeneratorError with the end of the log if any process has ended already."""
        logs = sorted(self._logs.glob("locust*.log"))
        for process, log in zip(self._processes, logs, strict=False):
            if process.poll() is not None:
                lines = log.read_text(errors="replace").splitlines()[-12:]
                raise GeneratorError("the load generator did not start:\n" + "\n".join(lines))

    def stop(self) -> None:
        """End the load; the process in charge is asked first, and writes its last records."""
        end(self._processes[:1])
        end(self._processes[1:])


def end(processes: list[Process]) -> None:
    """Ask all processes to end, and kill those that still run after a while."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    left = TimeLeft(_END_S)
    for process in processes:
        try:
            process.wait(left.seconds())
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _start(command: list[str], log: Path, env: Mapping[str, str]) -> Process:
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    _LOG.info("load generator, process %d: %s (log: %s)", process.pid, shlex.join(command), log)
    return process
