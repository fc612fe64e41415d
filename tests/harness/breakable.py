"""A service that an experiment breaks and mends, as scripts of a user do: `breakable.py VERB DIR`.

`DIR/command.json` is its command line; `DIR/journal` gets a line for each thing that is done to it.
Standard library and psutil only: it is started many times.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

STEP_S = "BREAKABLE_STEP_S"
"""Environment: how long breaking and mending take before and after they have their effect."""


def main(verb: str, folder: Path) -> int:
    """Do one thing; the exit code."""
    return {"start": start, "kill": kill, "pid": show, "stop": stop}[verb](folder)


def start(folder: Path) -> int:
    """Start it, unless it runs; it stays in the session of its caller, as with `&` in a script."""
    _note(folder, "start begins")
    _pause()
    if _running(folder) is None:
        with (folder / "service.log").open("ab") as log:
            service = subprocess.Popen(
                json.loads((folder / "command.json").read_text()), stdout=log, stderr=log
            )
        (folder / "pid").write_text(str(service.pid))
    _note(folder, "started")
    _pause()
    return 0


def kill(folder: Path) -> int:
    """Kill it, and wait until it is gone."""
    _note(folder, "kill begins")
    _pause()
    stop(folder)
    _note(folder, "killed")
    _pause()
    return 0


def stop(folder: Path) -> int:
    """The same, without a note."""
    while (pid := _running(folder)) is not None:
        os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    return 0


def show(folder: Path) -> int:
    """Print its pid; 1 when it does not run."""
    _note(folder, "asked")
    pid = _running(folder)
    if pid is not None:
        print(pid)
    return int(pid is None)


def _running(folder: Path) -> int | None:
    try:
        pid = int((folder / "pid").read_text())
        return None if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE else pid
    except (OSError, ValueError, psutil.Error):
        return None


def _pause() -> None:
    time.sleep(float(os.environ.get(STEP_S, "0")))


def _note(folder: Path, what: str) -> None:
    with (folder / "journal").open("a") as journal:
        journal.write(what + "\n")


def do(verb: str, folder: Path) -> None:
    """One of these, in a process of its own.  Raises CalledProcessError."""
    subprocess.run([sys.executable, __file__, verb, str(folder)], check=True, timeout=30)


def provider(verb: str, folder: Path) -> dict[str, Any]:
    """The process provider of one of these."""
    arguments = [str(Path(__file__).absolute()), verb, str(folder)]
    return {"type": "process", "path": sys.executable, "arguments": arguments, "timeout": 20}


def experiment(folder: Path, url: str, lasts_s: float, **terms: Any) -> dict[str, Any]:
    """An experiment that kills it two seconds after the start of the load; `url` answers 200."""
    answers = {"type": "http", "url": url, "timeout": 2}
    told = {
        "target": "agent",
        "took_hold": {"provider": provider("pid", folder), "changes": True},
        "ready": {"provider": answers},
        "undo": {"provider": provider("start", folder)},
        "lasts": lasts_s,
        **terms,
    }
    action = {
        "type": "action",
        "name": "the agent's only process is killed",
        "provider": provider("kill", folder),
        "pauses": {"before": 2},
        "x-diya": {name: each for name, each in told.items() if each is not None},
    }
    steady = {"type": "probe", "name": "it answers", "tolerance": 200, "provider": answers}
    return {
        "title": "the agent is killed",
        "description": "by a script of its owner",
        "steady-state-hypothesis": {"title": "it answers", "probes": [steady]},
        "method": [action],
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
