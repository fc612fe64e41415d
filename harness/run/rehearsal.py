"""The rehearsal before a run: the process that plays it, and the CPU that it costs.

The processor time of everything that serves and asks is read when the measured part begins and when
its last turn has been answered.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diya_start
from chaos.fleet.guardian import RUN_ID_VARIABLE
from chaos.fleet.waiting import TimeLeft
from harness.errors import GeneratorError

_LOG = logging.getLogger(__name__)
_LONGEST_S = 60.0
"""All of it together; a service that hangs is left to the run."""
_MOST_CUSTOMERS = 24
_FEWEST_CUSTOMERS = 8
LOG = "rehearsal.log"

Cpu = Callable[[], float | None]
"""Processor seconds used so far by all that serves and asks; None where that cannot be seen."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The service fails always."""

    opening: bool
    """No session can be opened; else no turn is answered."""
    error: str
    """The service's own words, or what became of the connection."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What the measured part came to."""

    turns: int
    """Turns that were answered."""
    failed: int
    seconds: float
    cpu_s: float | None
    """Processor seconds of all of them; None where that cannot be seen."""
    first: Measured | None = None
    """The same of conversations that were over after their first turn."""


def customers(replicas: int) -> int:
    """How many talk at once: enough to keep every replica busy, and few enough to refuse nobody."""
    return min(_MOST_CUSTOMERS, max(_FEWEST_CUSTOMERS, 2 * replicas))


def rehearse(
    run_dir: Path, run_id: str, url: str, count: int, cpu: Cpu = lambda: None
) -> Refusal | Measured | None:
    """Let `count` customers talk at `url`; with 0 of them it is only asked whether it answers.

    None when nothing was measured.  Raises GeneratorError when the rehearsal itself broke.
    """
    begun_with: float | None = None
    first: Measured | None = None
    found: Refusal | Measured | None = None
    with _process(run_dir, run_id, url, count) as steps:
        for step in steps:
            match step["step"]:
                case "failed":
                    found = Refusal(step["opening"], step["error"])
                case "begin":
                    begun_with = cpu()
                case "played":
                    used = cpu()
                    both = used is not None and begun_with is not None
                    played = Measured(
                        step["turns"],
                        step["failed"],
                        step["seconds"],
                        used - begun_with if both else None,  # type: ignore[operator]
                        first,
                    )
                    if step["young"]:
                        first = played
                    else:
                        found = played
    return found


@contextmanager
def _process(run_dir: Path, run_id: str, url: str, count: int) -> Iterator[Iterator[Any]]:
    log = run_dir / "logs" / LOG
    env = {**os.environ, RUN_ID_VARIABLE: run_id, "DIYA_AUTHORISED": "1"}
    with log.open("ab") as errors:
        process = subprocess.Popen(
            diya_start.command("loadtests.generator.rehearse", url, str(count)),
            env={**env, "DIYA_RUN_DIR": str(run_dir.absolute())},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    _LOG.info("rehearsal, process %d, at %s (log: %s)", process.pid, url, log)
    try:
        yield _steps(process, log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _steps(process: subprocess.Popen[bytes], log: Path) -> Iterator[Any]:
    """What it says, at the moment when it says it, until it is `gone`, or too late."""
    lines: queue.Queue[bytes] = queue.Queue()
    assert process.stdout is not None
    threading.Thread(
        target=_pass_on, args=(process.stdout, lines), name="rehearsal", daemon=True
    ).start()
    left = TimeLeft(_LONGEST_S)
    while True:
        try:
            line = lines.get(timeout=left.seconds())
        except queue.Empty:
            return
        if not line:
            end = log.read_text(errors="replace").splitlines()[-12:]
            raise GeneratorError("the rehearsal came to no end:\n" + "\n".join(end))
        step = json.loads(line)
        yield step
        if step["step"] == "gone":
            return


def _pass_on(stream: Any, lines: queue.Queue[bytes]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(b"")
