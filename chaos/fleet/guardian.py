"""Nothing outlives the run: a tiny process kills every process that carries the run's id.

Every process of a run has DIYA_RUN_ID in its environment.  The guardian holds the read end of a
pipe whose only write end is in the harness.  When the harness dies, in whatever way, the pipe ends,
the guardian kills every process of this user that carries the id, undoes the faults whose undoing
it keeps (`chaos.fleet.undoing`), removes the files and folders that must not outlive the run (those
with a password in them), and exits.
"""

from __future__ import annotations

import contextlib
import glob
import logging
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import psutil

import diya_start
from chaos.errors import ChaosError
from chaos.fleet.undoing import Undoing, apply_line, limit_of, to_line, undo_all
from chaos.fleet.waiting import holds_within

_LOG = logging.getLogger(__name__)

RUN_ID_VARIABLE = "DIYA_RUN_ID"

_READY = b"ready\n"
_START_TIMEOUT = 10.0
_SWEEP_TIMEOUT = 30.0
_PAUSE = 0.08
_NOT_SWEPT, _NOT_UNDONE = 3, 4
"""Exit codes of the guardian; any other but 0: it was killed, or broke."""
_QUIET_PASSES = 5
"""A child between fork and exec does not carry the id yet: look again before saying "none"."""


def launched(module: str, *arguments: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start a guardian: its process, and the write end of the pipe that it reads to the end.

    It is in a session of its own and carries no run's id, so that it outlives the run.  Raises
    OSError.
    """
    # os.pipe's ends are not inheritable: children of the harness never hold the write end.
    read_end, write_end = os.pipe()
    environment = {k: v for k, v in os.environ.items() if k != RUN_ID_VARIABLE}
    try:
        process = subprocess.Popen(
            diya_start.command(module, *arguments),
            stdin=read_end,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
    except BaseException:
        os.close(write_end)
        raise
    finally:
        os.close(read_end)
    return process, write_end


class Guardian:
    """The harness's end of the pipe.  Make one with `Guardian.start`."""

    def __init__(
        self,
        run_id: str,
        process: subprocess.Popen[bytes],
        write_end: int,
        leftovers: Sequence[str] = (),
        undo_log: Path | None = None,
    ) -> None:
        self.run_id = run_id
        self._leftovers = leftovers
        self._undo_log = undo_log
        self.pid = process.pid
        self._process = process
        self._write_end: int | None = write_end
        self._kept: dict[str, Undoing] = {}
        self._lock = threading.Lock()

    @classmethod
    def start(
        cls, run_id: str, leftovers: Sequence[str] = (), undo_log: Path | None = None
    ) -> Self:
        """Start the guardian of a run and wait until it watches.

        `leftovers` are absolute patterns, as of `glob`, of files and folders that go at the end.
        `undo_log` gets a line for each fault that the guardian undoes.
        Raises ChaosError when it does not start: nothing else must be started then.
        """
        process, write_end = launched("chaos.fleet.guardian", run_id, *leftovers)
        guardian = cls(run_id, process, write_end, leftovers, undo_log)
        if not guardian._is_ready():
            process.kill()
            guardian.close()
            raise ChaosError("the guardian did not start: python -m chaos.fleet.guardian")
        _LOG.info("the guardian of run %s is process %d", run_id, process.pid)
        return guardian

    def keep(self, key: str, undoing: Undoing) -> None:
        """Keep the undoing of a fault that is about to begin.

        Raises ChaosError when the guardian is not there: the fault must not begin.
        """
        if self._undo_log is not None:
            undoing = replace(undoing, log=str(self._undo_log.absolute()))
        with self._lock:
            if self._process.poll() is not None or not self._send(to_line(key, undoing)):
                raise ChaosError("the guardian has ended: nothing would undo the fault")
            self._kept[key] = undoing

    def drop(self, key: str) -> None:
        """The undoing of a fault is done, or never needed."""
        with self._lock:
            if self._kept.pop(key, None) is not None:
                self._send(to_line(key, None))

    def kept(self) -> list[Mapping[str, Any]]:
        """The calls of the undoings that it keeps, the newest first."""
        with self._lock:
            return [each.call for each in list(self._kept.values())[::-1]]

    def _send(self, line: bytes) -> bool:
        """Whether the guardian's pipe took it."""
        try:
            while line and self._write_end is not None:
                line = line[os.write(self._write_end, line) :]
        except OSError:
            return False
        return not line

    def close(self) -> bool:
        """End the run: every process that carries its id is killed.  Returns when none is left.

        Then the faults whose undoing is still kept are undone; returns whether all were.  May be
        called again.  Raises ChaosError when a process cannot be killed.
        """
        with self._lock:
            if self._write_end is None:
                return True
            os.close(self._write_end)
            self._write_end = None
            kept = dict(self._kept)
        _LOG.info("the guardian kills every process of run %s that is left", self.run_id)
        try:
            code = self._process.wait(_SWEEP_TIMEOUT + 5.0 + limit_of(kept))
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        if code not in (0, _NOT_SWEPT, _NOT_UNDONE):  # it was killed: do its work
            code = finish(self.run_id, self._leftovers, kept)
        if code == _NOT_SWEPT and not clear(self.run_id, self._leftovers):
            raise ChaosError(f"processes of run {self.run_id} cannot be killed")
        return code != _NOT_UNDONE

    def _is_ready(self) -> bool:
        output = self._process.stdout
        if output is None or not select.select([output], [], [], _START_TIMEOUT)[0]:
            return False
        return output.readline() == _READY


def finish(run_id: str, leftovers: Sequence[str], kept: Mapping[str, Undoing]) -> int:
    """End everything of the run; the guardian's exit code.

    First the processes: an action that still runs would do its fault after it was undone.
    """
    swept = clear(run_id, leftovers)
    undone = undo_all(kept, without=(RUN_ID_VARIABLE,))
    if not swept:
        return _NOT_SWEPT
    return 0 if undone else _NOT_UNDONE


def clear(run_id: str, leftovers: Sequence[str]) -> bool:
    """`sweep`, then remove the files that `leftovers` name: no process writes them any more."""
    swept = sweep(run_id)
    for pattern in leftovers:
        for path in glob.glob(pattern, recursive=True, include_hidden=True):
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    os.unlink(path)
    return swept


def sweep(run_id: str, timeout: float = _SWEEP_TIMEOUT) -> bool:
    """SIGKILL every process of this user that carries the run id, until none is left.

    Returns whether none is left; False after `timeout` seconds.
    """
    quiet = 0

    def is_quiet() -> bool:
        nonlocal quiet
        victims = carriers(run_id)
        quiet = 0 if victims else quiet + 1
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return quiet >= _QUIET_PASSES

    return holds_within(is_quiet, timeout, poll=_PAUSE) or not carriers(run_id)


def carriers(run_id: str) -> set[int]:
    """Pids of this user's processes that carry the run id, of all in a session they lead, and of
    their children.

    Those, because a server's fork may overwrite its environment with a process title.
    """
    everyone = list(_own_processes())
    marked = {pid for pid, _, process in everyone if _run_id_of(process) == run_id}
    sessions = {session for pid, session, _ in everyone if pid in marked and session == pid}
    members = {pid for pid, session, _ in everyone if session in sessions}
    # A backend of PostgreSQL leads its own session, and its title overwrites its environment.
    children = {pid for pid, _, process in everyone if _parent_of(process) in marked}
    return (marked | members | children) - {os.getpid()}


def _own_processes() -> Iterator[tuple[int, int, psutil.Process]]:
    """Pid, session and process of everything alive that belongs to this user.

    Of root: of every user, because root starts PostgreSQL as another one.
    """
    user = os.getuid()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if user in (0, process.uids().real) and process.status() != psutil.STATUS_ZOMBIE:
                yield process.pid, os.getsid(process.pid), process


def _parent_of(process: psutil.Process) -> int | None:
    try:
        return process.ppid()
    except psutil.Error:
        return None


def _run_id_of(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(RUN_ID_VARIABLE)
    except (psutil.Error, OSError):
        return None


def main(run_id: str, leftovers: Sequence[str]) -> int:
    """Wait for the end of the pipe on standard input, then finish.  0: nothing is left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.write(1, _READY)
    kept: dict[str, Undoing] = {}
    rest = b""
    while more := os.read(0, 65_536):
        *lines, rest = (rest + more).split(b"\n")
        for line in lines:
            apply_line(line, kept)
    return finish(run_id, leftovers, kept)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
