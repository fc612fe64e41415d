"""Plays one run as a process of its own: the caller gets no fleet and no signal handler."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import diya_start
from harness import ci_files
from harness.errors import ConfigError, RunBroken
from reports.basics.exit_codes import ExitCode
from reports.render.view import Result

_END_S = 15.0
_TAIL_LINES = 15
_JUDGED = (ExitCode.GO, ExitCode.NO_GO, ExitCode.INCONCLUSIVE)


def play(arguments: Sequence[str], root: Path) -> tuple[Result, Path]:
    """Run `diya readiness` and return its result and run directory.

    Relative paths in `arguments` start at `root`.  Raises ConfigError with the run's own sentence
    for a configuration that it refuses, RunBroken without a verdict.  Interrupted, it ends the run
    before it passes the interruption on.
    """
    with tempfile.TemporaryDirectory(prefix="diya-run-") as scratch:
        where, log = Path(scratch) / "run", Path(scratch) / "log"
        code = _play(arguments, root, where, log)
        said = log.read_text(errors="replace").splitlines()
        if code == ExitCode.BAD_CONFIGURATION:
            raise ConfigError(_sentence(said))
        if code not in _JUDGED or not where.is_file():
            end = "\n".join(said[-_TAIL_LINES:])
            raise RunBroken(f"the run ended with code {code} and no verdict:\n{end}")
        path = Path(where.read_text())
    result: Result = json.loads((path / "result.json").read_text())
    return result, path


def _play(arguments: Sequence[str], root: Path, where: Path, log: Path) -> int:
    command = diya_start.command("harness.parent_watch", "readiness", *arguments)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=root,
            env={**os.environ, ci_files.RESULT_FILE: str(where)},
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            # Ctrl-C in the terminal reaches the caller, and the run once: when its parent_watch
            # sees that standard input is closed.
            start_new_session=True,
        )
        try:
            return process.wait()
        finally:
            if process.stdin is not None:
                process.stdin.close()
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _sentence(said: Sequence[str]) -> str:
    """The sentence with which diya refused, from the end of its output."""
    for line in reversed(said):
        if line.startswith("diya: "):
            return line.removeprefix("diya: ")
    return "\n".join(said[-_TAIL_LINES:])
