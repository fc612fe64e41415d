"""`make prove-targets`: services that diya did not start, each broken by an experiment file.

The same load and seed, and a kill of the only serving process at the same moment, are played on a
fleet of diya's own with one replica, on our service started by hand, on plain `adk api_server`s on
SQLite and on PostgreSQL, and on a compose project.  The exit code is 1 unless each run has the row
of its fault with a recovery, and a verdict that is the fleet's or is explained.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from reports.basics.exit_codes import ExitCode
from tests.harness import command
from tests.prove.target_systems import BY_NAME, PROFILE, SYSTEMS, MissingTool, System
from tests.prove.target_table import Row, markdown, problems

_TIMEOUT_S = 280
_TRIES = 3
"""A busy machine can make a run prove nothing: it is made again with the same seed."""


def main() -> int:
    """Print the table; 1 when a row is not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove.targets", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        choices=BY_NAME,
        metavar="NAME",
        help="play this system only; may be repeated",
    )
    parser.add_argument("--seed", type=int, default=17, help="the seed of all runs (default: 17)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="keep the runs in this folder")
    parser.add_argument(
        "--from", dest="source", type=Path, metavar="DIR", help="play nothing, show the runs there"
    )
    given = parser.parse_args()
    # As Ctrl-C does: servers, containers and folders go on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    chosen = [each for each in SYSTEMS if not given.only or each.name in given.only]
    with tempfile.TemporaryDirectory(prefix="prove-targets-") as scratch:
        out = (given.source or given.out or Path(scratch)).resolve()
        if given.source is None:
            rows = [_played(system, given.seed, out) for system in chosen]
        else:
            rows = [Row(system.name, _newest(out / system.name)) for system in chosen]
    print(markdown(rows))
    wrong = problems(rows)
    for problem in wrong:
        print(f"NOT SHOWN: {problem}")
    return 1 if wrong else 0


def _played(system: System, seed: int, out: Path) -> Row:
    """Its row, after the first run that came to a verdict."""
    row = Row(system.name, None)
    for _ in range(_TRIES):
        print(f"{time.strftime('%H:%M:%S')}  {system.name}", flush=True)
        try:
            row = _once(system, seed, out / system.name)
        except MissingTool as error:
            return Row(system.name, None, skipped=str(error))
        if row.result is None:
            return row
        print(f"          {row.result['verdict']}: {row.result['headline']}", flush=True)
        if row.result["verdict"] != "INCONCLUSIVE":
            break
    return row


def _once(system: System, seed: int, out: Path) -> Row:
    with (
        tempfile.TemporaryDirectory(prefix=f"prove-{system.name}-") as folder,
        system.running(Path(folder)) as options,
    ):
        finished = command.run(
            *("readiness", "--profile", str(PROFILE), "--seed", str(seed)),
            *("--scale", "1", "--no-rehearsal", *options, "--out", str(out)),
            timeout=_TIMEOUT_S,
        )
    if finished.returncode in (ExitCode.GO, ExitCode.INCONCLUSIVE, ExitCode.NO_GO):
        return Row(system.name, _newest(out))
    said = finished.stderr.strip().splitlines() or ["it said nothing"]
    return Row(system.name, None, broke=f"exit code {finished.returncode}: {said[-1]}")


def _newest(out: Path) -> dict[str, Any] | None:
    found = sorted(out.glob("*/result.json"), key=lambda path: path.stat().st_mtime)
    result: dict[str, Any] | None = json.loads(found[-1].read_bytes()) if found else None
    return result


if __name__ == "__main__":
    sys.exit(main())
