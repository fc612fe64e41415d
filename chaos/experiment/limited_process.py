"""A process with a limit of time, which ends all that it has started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_MOST_OUTPUT = 1_000_000
"""Bytes of each output that are kept: the first ones."""


@dataclass(frozen=True)
class Finished:
    """A process that has ended."""

    status: int
    stdout: str
    stderr: str

    def answer(self) -> dict[str, Any]:
        """As the Chaos Toolkit's process provider answers."""
        return {"status": self.status, "stdout": self.stdout, "stderr": self.stderr}


def run_limited(
    name: str,
    command: Sequence[str],
    timeout: float,
    *,
    given: bytes = b"",
    env: Mapping[str, str] | None = None,
) -> Finished:
    """Run a command in a session of its own, with `given` on standard input.

    It is over when the process itself has ended: a service that it leaves behind may keep its
    outputs open.  Raises TimeoutError after `timeout` seconds, with the `name` and without the
    arguments, which may hold a secret; then its whole process group is killed.
    """
    with (
        tempfile.TemporaryFile() as stdin,
        tempfile.TemporaryFile() as stdout,
        tempfile.TemporaryFile() as stderr,
    ):
        stdin.write(given)
        stdin.seek(0)
        process = subprocess.Popen(
            command, stdin=stdin, stdout=stdout, stderr=stderr, env=env, start_new_session=True
        )
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{name} gave no answer within {timeout:g} s") from None
        finally:
            if process.returncode is None:  # the time is up, or the run was interrupted
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        texts = []
        for file in (stdout, stderr):
            file.seek(0)
            texts.append(file.read(_MOST_OUTPUT).decode(errors="replace"))
        return Finished(status, *texts)
