"""A PostgreSQL of the fleet's own: a cluster in a temporary folder, on a free loopback port.

Each commit is on the disk before it is acknowledged (PostgreSQL's default), so that no kill of its
processes may lose one.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil

from chaos.errors import ChaosError
from chaos.fleet import postgres_binary, postgres_client
from chaos.fleet.ports import LOOPBACK, free_port
from chaos.fleet.waiting import holds_within

USER = "diya"
_START_S = 60.0
_END_S = 20.0
_POLL_S = 0.02
_STOPPED_S = 5.0
_OPTIONS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    # Each of up to 99 replicas keeps a pool of connections.
    "max_connections": "1000",
    # Its default leaves files in /dev/shm behind when the server is killed.
    "dynamic_shared_memory_type": "mmap",
}
_LOG = logging.getLogger(__name__)


def folder_of(run_id: str) -> Path:
    """The folder of that run's cluster; not in the run directory, which its user may not enter."""
    return Path(tempfile.gettempdir()) / f"diya-postgres-{run_id}"


class Postgres:
    """One cluster, a node of the fleet.  Root starts it as another user without rights."""

    def __init__(
        self,
        folder: Path,
        log: Path | None = None,
        env: Mapping[str, str] | None = None,
        name: str = "postgres",
    ) -> None:
        """Nothing is started, and `folder` is not made.  `log` is in `folder` by default.

        Raises ChaosConfigError when there is no PostgreSQL here.
        """
        self.name = name
        self.binaries = postgres_binary.binaries()
        self.port = free_port()
        self.folder = folder
        self._user = postgres_binary.unprivileged()
        self._env = dict(os.environ if env is None else env)
        self._process: subprocess.Popen[bytes] | None = None
        self._exit_code: int | None = None
        self._password = secrets.token_hex(16)
        self._log = log or folder / "postgres.log"
        self._starts = 0
        self._closed = False
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<Postgres {LOOPBACK}:{self.port} pid={self.pid}>"

    @property
    def url(self) -> str:
        """As SQLAlchemy's asyncio extension takes it, password included: never for logs."""
        return f"postgresql+asyncpg://{USER}:{self._password}@{LOOPBACK}:{self.port}/postgres"

    @property
    def version(self) -> str:
        """The server's version, such as `15.14`."""
        return postgres_binary.version(self.binaries)

    @property
    def pid(self) -> int | None:
        """The pid of the server, whose children serve the connections; None: it does not run."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def running(self) -> bool:
        """Whether the server is there."""
        return self.pid is not None

    @property
    def frozen(self) -> bool:
        """Whether it is stopped by a signal."""
        with contextlib.suppress(psutil.Error):
            return self.running and self._server().status() == psutil.STATUS_STOPPED
        return False

    @property
    def identity(self) -> str | None:
        """New at every start; None while it does not run."""
        return None if self.pid is None else f"{self.pid}#{self._starts}"

    @property
    def exit_code(self) -> int | None:
        """How it last ended (negative: the signal); None while it runs or before."""
        return None if self.running else self._exit_code

    def start(self) -> None:
        """Start it on its data; the first time make the cluster.  See `wait_ready`.

        Raises ChaosError.
        """
        with self._lock:
            if self._closed:
                raise ChaosError(f"{self.name} is closed: it cannot be started any more")
            if self.running:
                raise ChaosError(f"{self.name} runs already, as process {self.pid}")
            if not self._data.exists():
                self._make()
            self._launch()
        _LOG.info("%s: process %s started (log: %s)", self.name, self.pid, self._log)

    def wait_ready(self, timeout: float = _START_S) -> None:
        """Wait until it takes connections.

        Raises ChaosError with the last line of its log when it ends or `timeout` seconds pass.
        """
        ready = holds_within(lambda: self._ready() or not self.running, timeout, poll=_POLL_S)
        if not (ready and self._ready()):
            raise ChaosError(f"{self.name} did not become ready: {self._last_line()}")

    def answers(self) -> bool:
        """Whether it answers a query within a second."""
        try:
            postgres_client.row(self.url, "SELECT 1", 1.0)
        except ChaosError:
            return False
        return True

    def kill(self) -> None:
        """SIGKILL to the server and its backends, as in a crash, and wait until they are gone."""
        if self._process is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            # Stopped before its children are killed, or the server would start some of them again.
            for each in self._signalled(signal.SIGSTOP, signal.SIGKILL):
                _wait_for_the_end(each)
        self._ended(_END_S)

    def terminate(self, timeout: float) -> bool:
        """As `pg_ctl stop -m fast`: connections are ended, the data is written.

        Whether it has ended after at most `timeout` seconds.
        """
        if self._process is None or not self.running:
            return True
        self.resume()
        self._process.send_signal(signal.SIGINT)
        return self._ended(timeout)

    def freeze(self) -> None:
        """Stop the server and its backends, connections open.

        Raises ChaosError when it does not run or does not stop.
        """
        if not self.running:
            raise ChaosError(f"{self.name} does not run: it cannot be frozen")
        with contextlib.suppress(psutil.NoSuchProcess):
            list(self._signalled(signal.SIGSTOP, signal.SIGSTOP))
        if not holds_within(lambda: self.frozen or not self.running, _STOPPED_S, poll=_POLL_S):
            raise ChaosError(f"{self.name} did not stop within {_STOPPED_S:g} s")

    def resume(self) -> None:
        """Let it go on.  Nothing happens when it does not run or is not frozen."""
        if self.running:
            with contextlib.suppress(psutil.NoSuchProcess):
                list(self._signalled(None, signal.SIGCONT))

    def close(self) -> None:
        """End it for good and remove its data; kill it when it does not end by itself."""
        with self._lock:
            self._closed = True
        if not self.terminate(_END_S):
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def wait_ended(self, timeout: float) -> bool:
        """Whether it has ended, after at most `timeout` seconds."""
        return self._ended(timeout)

    def cpu_s(self) -> float | None:
        """Processor seconds of the server and its backends, ended ones included; None: it is down.

        Counts from the server's start.
        """
        if not self.running:
            return None
        try:
            server = self._server()
            times = server.cpu_times()
            spent = times.user + times.system + times.children_user + times.children_system
            for each in server.children():
                with contextlib.suppress(psutil.NoSuchProcess):
                    own = each.cpu_times()
                    spent += own.user + own.system
        except psutil.NoSuchProcess:
            return None
        return float(spent)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _server(self) -> psutil.Process:
        process = self._process
        if process is None:
            raise psutil.NoSuchProcess(0)
        return psutil.Process(process.pid)

    def _signalled(
        self, first: signal.Signals | None, everybody: signal.Signals
    ) -> Iterator[psutil.Process]:
        """Signal the server with `first`, then it and its backends; yields each backend.

        Each backend is the leader of a session of its own, so a signal to a group misses them.
        """
        server = self._server()
        if first is not None:
            server.send_signal(first)
        backends = server.children(recursive=True)
        for each in (server, *backends):
            with contextlib.suppress(psutil.NoSuchProcess):
                each.send_signal(everybody)
        _LOG.info("%s: %s sent to %d processes", self.name, everybody.name, len(backends) + 1)
        yield from backends

    def _ended(self, timeout: float) -> bool:
        if self._process is None:
            return True
        try:
            self._exit_code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _as_user(self) -> dict[str, Any]:
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}

    def _make(self) -> None:
        """Make the cluster, whose password is in no command line and in no file that stays."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._log.parent.mkdir(parents=True, exist_ok=True)
        secret = self.folder / "password"
        descriptor = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(self._password)
        if self._user is not None:
            for each in (self.folder, secret):
                os.chown(each, self._user.pw_uid, -1)
        command = [str(self.binaries / "initdb"), "-D", str(self._data), "-U", USER]
        options = ["--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--locale=C"]
        made = subprocess.run(
            # The data of a run need not survive the machine while it is made.
            [*command, *options, "--no-sync"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env=self._env,
            cwd=self.folder,
            **self._as_user(),
        )
        secret.unlink()
        if made.returncode:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise ChaosError(f"initdb failed: {_last(made.stderr)}")

    def _launch(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self.binaries / "postgres",
                    *("-D", self._data, f"--port={self.port}"),
                    *(f"--{name}={value}" for name, value in _OPTIONS.items()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._env,
                cwd=self.folder,
                start_new_session=True,  # Ctrl-C in the terminal is for the harness
                **self._as_user(),
            )
        self._starts += 1

    def _ready(self) -> bool:
        """The status in the server's own file, which tells without a connection."""
        with contextlib.suppress(OSError):
            lines = (self._data / "postmaster.pid").read_text().splitlines()
            return lines[:1] == [str(self.pid)] and lines[-1].strip() == "ready"
        return False

    def _last_line(self) -> str:
        try:
            return _last(self._log.read_text(errors="replace"))
        except OSError as error:
            return str(error)


def _wait_for_the_end(process: psutil.Process) -> None:
    """Until it is gone, or dead and waits for its new parent to notice."""

    def is_gone() -> bool:
        try:
            return bool(process.status() == psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return True

    holds_within(is_gone, _END_S, poll=_POLL_S)


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it wrote nothing"
