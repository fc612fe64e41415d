"""Plays one run as a process of its own: the caller gets no fleet and no signal handler."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import diya_start
from harness import ci_files
from harness.errors import ConfigError, RunBroken
from reports.basics.exit_codes import ExitCode
from reports.render.view import Result

_END_S = 15.0
_LOOK_S = 0.5
_LAST_BYTES = 4096
_TAIL_LINES = 15
_JUDGED = (ExitCode.GO, ExitCode.NO_GO, ExitCode.INCONCLUSIVE)


def play(
    arguments: Sequence[str],
    root: Path,
    *,
    watch: Callable[[str], None] | None = None,
    summary: bool = True,
) -> tuple[Result, Path]:
    """Run `diya readiness` and return its result and run directory.

    Relative paths in `arguments` start at `root`.  `watch` gets the last line of its output, twice
    a second.  Without `summary` it adds nothing to the summary of a CI system's step.  Raises
    ConfigError with the run's own sentence for a configuration that it refuses, RunBroken without a
    verdict.  Interrupted, it ends the run before it passes the interruption on.
    """
    with tempfile.TemporaryDirectory(prefix="diya-run-") as scratch:
        where, log = Path(scratch) / "run", Path(scratch) / "log"
        environment = {**os.environ, ci_files.RESULT_FILE: str(where)}
        if not summary:
            environment.pop(ci_files.STEP_SUMMARY, None)
        code = _play(arguments, root, environment, log, watch)
        said = log.read_text(errors="replace").splitlines()
        if code == ExitCode.BAD_CONFIGURATION:
            raise ConfigError(_sentence(said))
        if code not in _JUDGED or not where.is_file():
            end = "\n".join(said[-_TAIL_LINES:])
            raise RunBroken(f"the run ended with code {code} and no verdict:\n{end}")
        path = Path(where.read_text())
    result: Result = json.loads((path / "result.json").read_text())
    return result, path


def _play(
    arguments: Sequence[str],
    root: Path,
    environment: Mapping[str, str],
    log: Path,
    watch: Callable[[str], None] | None,
) -> int:
    command = diya_start.command("harness.parent_watch", "readiness", *arguments)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=root,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            # Ctrl-C in the terminal reaches the caller, and the run once: when its parent_watch
            # sees that standard input is closed.
            start_new_session=True,
        )
        try:
            return process.wait() if watch is None else _watched(process, log, watch)
        finally:
            if process.stdin is not None:
                process.stdin.close()
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _watched(process: subprocess.Popen[bytes], log: Path, watch: Callable[[str], None]) -> int:
    while True:
        try:
            return process.wait(_LOOK_S)
        except subprocess.TimeoutExpired:
            watch(last_line(log))


def last_line(log: Path) -> str:
    """The last line that has ended; empty before the first one."""
    with log.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _LAST_BYTES))
        whole, _, _ = file.read().rpartition(b"\n")
    return whole.rpartition(b"\n")[2].decode(errors="replace").strip()


def _sentence(said: Sequence[str]) -> str:
    """The sentence with which diya refused, from the end of its output."""
    for line in reversed(said):
        if line.startswith("diya: "):
            return line.removeprefix("diya: ")
    return "\n".join(said[-_TAIL_LINES:])
