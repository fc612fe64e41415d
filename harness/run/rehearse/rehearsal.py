"""The rehearsal before a run: the process that plays it, and the CPU that it costs.

The CPU time of the fleet and the generator is read when the measured part begins and when its last
turn has been answered.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import diya_start
from chaos.fleet.guardian import RUN_ID_VARIABLE
from chaos.fleet.waiting import TimeLeft
from harness.errors import GeneratorError
from reports.records.model_calls import REHEARSAL

_LOG = logging.getLogger(__name__)
_LONGEST_S = 60.0
"""Limit of the whole rehearsal; a service that hangs is judged by the run."""
_MOST_CUSTOMERS = 24
_FEWEST_CUSTOMERS = 8
LOG = "rehearsal.log"

Cpu = Callable[[], float | None]
"""CPU seconds used so far by the fleet and the generator; None where they cannot be measured."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Every request to the service failed."""

    opening: bool
    """True: no session can be opened; False: no turn is answered."""
    error: str
    """The service's own error, or the error of the connection."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The result of the measured part."""

    turns: int
    """Turns that were answered."""
    failed: int
    seconds: float
    cpu_s: float | None
    """CPU seconds of all turns; None where they cannot be measured."""
    first: Measured | None = None
    """The same of conversations that were over after their first turn."""


def customers(replicas: int) -> int:
    """The number of simultaneous customers: every replica is busy, and no request is refused."""
    return min(_MOST_CUSTOMERS, max(_FEWEST_CUSTOMERS, 2 * replicas))


def rehearse(
    run_dir: Path,
    run_id: str,
    url: str,
    count: int,
    cpu: Cpu = lambda: None,
    checked: Callable[[bool], None] | None = None,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Refusal | Measured | None:
    """Let `count` customers talk at `url`; with 0 only check whether the service answers.

    `cpu` is read before and after the measured part.  `checked` is called after the check, with
    whether any turn was answered, unless sessions were lost; with it all turns are recorded in
    `REHEARSAL`, and a few whole conversations are played even if `count` is 0.  `variables` are
    added to the environment of the process.  Returns None when nothing was measured.  Raises
    GeneratorError when the rehearsal itself broke, and whatever `checked` raises.
    """
    begun_with: float | None = None
    first: Measured | None = None
    found: Refusal | Measured | None = None
    words = [url, str(count), *([] if checked is None else [REHEARSAL])]
    with _process(run_dir, run_id, words, variables) as steps:
        for step in steps:
            match step["step"]:
                case "failed":
                    found = Refusal(step["opening"], step["error"])
                case "checked" if checked is not None and not step["lost"]:
                    checked(step["answered"])
                case "begin":
                    begun_with = cpu()
                case "played":
                    cpu_s = _difference(begun_with, cpu())
                    played = Measured(step["turns"], step["failed"], step["seconds"], cpu_s, first)
                    if step["young"]:
                        first = played
                    else:
                        found = played
    return found


def _difference(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before


@contextmanager
def _process(
    run_dir: Path, run_id: str, words: Sequence[str], variables: Mapping[str, str]
) -> Iterator[Iterator[Any]]:
    log = run_dir / "logs" / LOG
    env = {**os.environ, **variables, RUN_ID_VARIABLE: run_id, "DIYA_AUTHORISED": "1"}
    with log.open("ab") as errors:
        process = subprocess.Popen(
            diya_start.command("loadtests.generator.rehearse", *words),
            env={**env, "DIYA_RUN_DIR": str(run_dir.absolute())},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    _LOG.info("rehearsal, process %d, at %s (log: %s)", process.pid, words[0], log)
    try:
        yield _steps(process, log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _steps(process: subprocess.Popen[bytes], log: Path) -> Iterator[Any]:
    """The steps that the process reports, each at once, until `gone` or until the time limit."""
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
