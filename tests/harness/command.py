"""Runs `diya` as a user would, as a process, and looks for leftovers."""

from __future__ import annotations

import atexit
import contextlib
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from chaos.fleet.guardian import carriers
from harness import cli
from reports.records import FILES, TurnRecord

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DIYA = (sys.executable, "-m", "harness.cli")
TINY = ("--profile", str(HERE / "tiny.toml"), "--replicas", "3", "--redis", "bundled")
ONE_KILL = ("--experiment", str(HERE / "one_kill.yaml"))


def run(*arguments: str, timeout: float = 100) -> subprocess.CompletedProcess[str]:
    """The finished command, with its output as text."""
    return subprocess.run(
        [*DIYA, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False
    )


def run_here(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The finished command, run in this process: for commands that start no run.

    A process of its own costs half a second of CPU more, for its imports.
    """
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    out, err = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = cli.main(arguments)
            except SystemExit as end:  # `--help`
                code = int(end.code or 0)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def start(*arguments: str) -> subprocess.Popen[str]:
    """The running command.  It ends with the tests if a failed test leaves it running."""
    process = subprocess.Popen(
        [*DIYA, *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()


def only_run(out: Path) -> Path:
    """The one run directory in `out`."""
    (run_dir,) = out.iterdir()
    return run_dir


def turns_recorded(out: Path) -> int:
    """How many turns the run in `out` has recorded so far."""
    return sum(path.read_bytes().count(b"\n") for path in out.glob(f"*/{FILES[TurnRecord]}"))


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> float:
    """Seconds until `condition` held.  Raises AssertionError after `seconds`."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, f"{what}: not within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - begun


def nothing_left(run_id: str) -> bool:
    """No process of this run, its guardian included, is alive."""
    return not carriers(run_id) and not _guardians(run_id)


def _guardians(run_id: str) -> list[str]:
    found = subprocess.run(
        ["ps", "-eo", "args"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return [line for line in found if "chaos.fleet.guardian" in line and run_id in line]
