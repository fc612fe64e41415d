"""Plays agents that are not ours, such as ADK's own samples: one short whole run of each.

`python -m tests.agents FOLDER...`; each folder is an agent, or has agents below it.  Prints the
verdict on each, or the sentence with which diya refused it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.harness.command import DIYA, ROOT

_TIMEOUT_S = 300
_FILES = ("agent.py", "root_agent.yaml")


def agents_in(folders: Iterable[Path]) -> Iterator[Path]:
    """The folders of agents, outer ones first; an agent's own folder is searched no further."""
    for folder in folders:
        if any((folder / name).is_file() for name in _FILES):
            yield folder
        elif folder.is_dir():
            yield from agents_in(sorted(folder.glob("[!_.]*")))


def played(folder: Path, out: Path, options: Iterable[str]) -> tuple[str, str]:
    """The verdict on an agent and its headline; `exit N` and the last words without a verdict."""
    command = [*DIYA, "readiness", "--profile", "smoke", "--agent", str(folder)]
    try:
        finished = subprocess.run(
            [*command, "--out", str(out), *options],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "no end", f"the run did not end within {_TIMEOUT_S} s"
    results = list(out.glob("*/result.json"))
    if not results:
        last = (finished.stderr.strip() or "no word").splitlines()[-1]
        return f"exit {finished.returncode}", last
    result = json.loads(results[0].read_text())
    return result["verdict"], result["headline"]


def main() -> int:
    """Play all; 1 when any verdict is NO-GO, or any run had no verdict but was not refused."""
    parser = argparse.ArgumentParser(prog="python -m tests.agents", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--out", type=Path, metavar="DIR", help="keep the runs there")
    args, options = parser.parse_known_args()
    bad = 0
    with tempfile.TemporaryDirectory(prefix="diya-agents-") as scratch:
        for number, folder in enumerate(agents_in(args.folders)):
            begun = time.monotonic()
            out = (args.out or Path(scratch)) / f"{number:02}-{folder.name}"
            verdict, said = played(folder.resolve(), out.resolve(), options)
            seconds = time.monotonic() - begun
            print(f"{verdict:12} {folder}  ({seconds:.0f} s)\n    {said}", flush=True)
            bad += verdict not in ("GO", "INCONCLUSIVE", "exit 104")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
