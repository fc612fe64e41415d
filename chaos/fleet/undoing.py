"""The undoing of faults that outlive the harness: known to the guardian before each fault begins.

A fault at a system that diya did not start is not healed by ending processes.  So its undoing is
handed over before it begins; while it is kept, the guardian does it when the harness dies.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Protocol

import psutil

UNDO_LOG = "undo.log"
"""The name of the log of a run's guardian, in its folder `logs`."""
_MARGIN_S = 10.0
"""Beyond the limits of the undoings: to start a process and to write its log."""


@dataclass(frozen=True)
class Undoing:
    """One fault's undoing."""

    command: tuple[str, ...]
    """The process that does undoings; it gets a list of `call`s as JSON on standard input, the
    newest fault first, and ends with 0 when all were done."""
    call: Mapping[str, Any] = field(repr=False)
    """What is to be done, as JSON; its `target` and `by_hand` tell people what to heal, and how.

    It may hold secrets, so it is in no command line and no log."""
    limit_s: float
    """The process needs at most this many seconds for it."""
    log: str = os.devnull
    """The file that gets the output of the process."""


class UndoKeeper(Protocol):
    """Does the undoings that it keeps when the harness dies."""

    def keep(self, key: str, undoing: Undoing) -> None:
        """Keep it.  Raises ChaosError when the keeper is not there: the fault must not begin."""

    def drop(self, key: str) -> None:
        """It is done, or never needed.  Nothing happens when it is not kept."""


def to_line(key: str, undoing: Undoing | None) -> bytes:
    """One line of the pipe to the guardian; None: the undoing is dropped."""
    kept = None
    if undoing is not None:
        kept = {name: getattr(undoing, name) for name in ("command", "call", "limit_s", "log")}
    return json.dumps([key, kept]).encode() + b"\n"


def apply_line(line: bytes, kept: dict[str, Undoing]) -> None:
    """Keep or drop the undoing of one line.  A line that was cut off changes nothing."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        key, given = json.loads(line)
        if given is None:
            kept.pop(key, None)
        else:
            kept[key] = Undoing(**{**given, "command": tuple(given["command"])})


def limit_of(kept: Mapping[str, Undoing]) -> float:
    """Seconds that `undo_all` takes at most; 0: there is nothing to do."""
    return sum(each.limit_s for each in kept.values()) + _MARGIN_S if kept else 0.0


def undo_all(kept: Mapping[str, Undoing], without: Sequence[str] = ()) -> bool:
    """Do every undoing, the newest first; whether all were done.

    `without` are variables of the environment that the process must not have.  A process that
    takes longer than `limit_of` is killed with all processes below it.
    """
    done = True
    env = {name: value for name, value in os.environ.items() if name not in without}
    newest_first = list(kept.values())[::-1]
    for command in dict.fromkeys(each.command for each in newest_first):
        calls = [each.call for each in newest_first if each.command == command]
        try:
            with _opened(newest_first[0].log) as log:
                done = _succeeds(command, json.dumps(calls).encode(), log, env, kept) and done
        except OSError:
            done = False
    return done


def _succeeds(
    command: Sequence[str],
    calls: bytes,
    log: IO[bytes],
    env: Mapping[str, str],
    kept: Mapping[str, Undoing],
) -> bool:
    """Whether the process ends with 0 in time.  Raises OSError when it cannot be started."""
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        env=env,
        # A service that it starts again must outlive everything.
        start_new_session=True,
    ) as process:
        try:
            process.communicate(calls, limit_of(kept))
        except subprocess.TimeoutExpired:
            return False
        finally:
            if process.poll() is None:
                _kill_with_children(process.pid)
    return process.returncode == 0


def _kill_with_children(pid: int) -> None:
    """SIGKILL the process groups of a process that leads one, and of all processes below it.

    A call that it makes leads a session of its own, which a signal to its group does not reach.
    A service that an earlier call has started again is below it no more, and lives on.
    """
    with contextlib.suppress(psutil.NoSuchProcess):
        below = psutil.Process(pid).children(recursive=True)
        for each in (pid, *(child.pid for child in below)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(os.getpgid(each), signal.SIGKILL)


def _opened(log: str) -> IO[bytes]:
    # A log that cannot be written must not keep a fault from being undone.
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(log), exist_ok=True)
        return open(log, "ab")
    return open(os.devnull, "ab")
