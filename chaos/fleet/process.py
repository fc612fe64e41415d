"""One child process: started, drained, killed and started again."""

from __future__ import annotations

import contextlib
import logging
import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import psutil

from chaos.errors import ChaosError
from chaos.fleet.pinning import thread_on
from chaos.fleet.waiting import Awaitable, holds_within

_LOG = logging.getLogger(__name__)
_FREEZE_POLL = 0.003
_TAIL_BYTES = 8_192
_FREEZE_TIMEOUT = 5.0


class ManagedProcess(Awaitable):
    """A child in its own session, whose output goes to a log file.

    Its own session, so that Ctrl-C in the terminal reaches the harness only, and so that a kill
    also ends the child's forks, as the death of a container would.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str],
        cwd: Path | None = None,
        cores: Collection[int] | None = None,
    ) -> None:
        """Nothing is started.  With `cores` the process runs on these only, at every start."""
        self.name = name
        self.log = log
        self._command = list(command)
        self._env = dict(env)
        self._cwd = cwd
        self._cores = cores
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._starts = 0

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} pid={self.pid}>"

    @property
    def pid(self) -> int | None:
        """The pid while the process runs, else None."""
        child = self._child
        return child.pid if child is not None and child.poll() is None else None

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self.pid is not None

    @property
    def frozen(self) -> bool:
        """Whether it is stopped by a signal."""
        pid = self.pid
        if pid is None:
            return False
        try:
            return bool(psutil.Process(pid).status() == psutil.STATUS_STOPPED)
        except psutil.Error:
            return False

    @property
    def identity(self) -> str | None:
        """New at every start: its pid, and the number of the start.  None: it does not run."""
        pid = self.pid
        return None if pid is None else f"{pid}#{self._starts}"

    @property
    def exit_code(self) -> int | None:
        """How the last process ended (negative: the signal); None while it runs or before."""
        return None if self._child is None else self._child.poll()

    def start(self, *more: str) -> None:
        """Start it, with `more` at the end of its command line this time.

        Raises ChaosError when it runs already, cannot be started, or is closed.
        """
        with self._lock:
            if self._closed:
                raise ChaosError(f"{self.name} is closed: it cannot be started any more")
            if self.running:
                raise ChaosError(f"{self.name} runs already, as process {self.pid}")
            self.log.parent.mkdir(parents=True, exist_ok=True)
            pinned = thread_on(self._cores) if self._cores else contextlib.nullcontext()
            with self.log.open("ab") as output:
                try:
                    with pinned:
                        self._child = subprocess.Popen(
                            [*self._command, *more],
                            stdin=subprocess.DEVNULL,
                            stdout=output,
                            stderr=subprocess.STDOUT,
                            env=self._env,
                            cwd=self._cwd,
                            start_new_session=True,
                        )
                except OSError as error:
                    raise ChaosError(f"{self.name} cannot be started: {error}") from error
            self._starts += 1
            command = shlex.join([*self._command, *more])
            _LOG.info(
                "%s: process %s started: %s (log: %s)", self.name, self.pid, command, self.log
            )

    def freeze(self) -> None:
        """SIGSTOP the process and its forks, and wait until it is stopped.

        Raises ChaosError when it does not run.
        """
        if not self.running:
            raise ChaosError(f"{self.name} does not run: it cannot be frozen")
        self._signal(signal.SIGSTOP)
        stopped_or_ended = holds_within(
            lambda: self.frozen or not self.running, _FREEZE_TIMEOUT, poll=_FREEZE_POLL
        )
        if not (stopped_or_ended and self.running):
            raise ChaosError(f"{self.name} did not stop within {_FREEZE_TIMEOUT:g} s")

    def resume(self) -> None:
        """SIGCONT.  Nothing happens when it does not run or is not frozen."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL the process and its forks, and wait until it is gone.

        Raises ChaosError when it is not gone within 5 s.  Nothing happens when it does not run.
        """
        self._signal(signal.SIGKILL)
        if not self.wait_ended(5.0):
            raise ChaosError(f"{self.name} (process {self.pid}) survived SIGKILL for 5 s")

    def terminate(self, timeout: float) -> bool:
        """SIGTERM, and wait up to `timeout` seconds.  Whether it ended; it may still run if not."""
        self._signal(signal.SIGTERM)
        return self.wait(timeout) is not None

    def wait(self, timeout: float) -> int | None:
        """The exit code, or None when the process still runs after `timeout` seconds."""
        if self._child is None:
            return None
        try:
            return self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def wait_ended(self, timeout: float) -> bool:
        """Whether it has ended, after at most `timeout` seconds."""
        self.wait(timeout)
        return not self.running

    def close(self) -> None:
        """Kill without waiting, for good: a fault that is healing cannot start it again."""
        with self._lock:
            self._closed = True
            self._signal(signal.SIGKILL)

    def log_tail(self, lines: int = 12) -> list[str]:
        """The last lines of the log."""
        try:
            with self.log.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _TAIL_BYTES))
                text = file.read().decode(errors="replace")
        except FileNotFoundError:
            return []
        return text.splitlines()[-lines:]

    def _signal(self, number: signal.Signals) -> None:
        pid = self.pid
        if pid is None:
            return
        # The leader is not reaped yet (`pid` just asked), so the group's number is still its own.
        try:
            os.killpg(pid, number)
        except ProcessLookupError:
            return
        _LOG.info("%s: %s sent to process %d", self.name, number.name, pid)
