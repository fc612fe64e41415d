"""`make calibrate`: every known-bad system is convicted of its class, every good one acquitted."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.calibrate import record
from tests.calibrate.run import Outcome, judge
from tests.calibrate.systems import SYSTEMS


def main() -> int:
    """Exit code 0 when every verdict was the right one."""
    parser = argparse.ArgumentParser(prog="python -m tests.calibrate", description=__doc__)
    parser.add_argument("--seeds", default="1", help="for example 1-5 (default: %(default)s)")
    parser.add_argument("--only", action="append", metavar="NAME", help="one system; repeatable")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the track record")
    parser.add_argument("--out", type=Path, metavar="DIR", help="keep the runs there")
    args = parser.parse_args()
    chosen = [system for system in SYSTEMS if not args.only or system.name in args.only]
    unknown = set(args.only or ()) - {system.name for system in chosen}
    if unknown:
        names = ", ".join(system.name for system in SYSTEMS)
        parser.error(f"--only {', '.join(sorted(unknown))}: one of {names} was expected")
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="diya-calibrate-") as scratch:
        for system in chosen:
            for seed in _seeds(args.seeds):
                outcomes.append(judge(system, seed, args.out or Path(scratch)))
                print(record.line(outcomes[-1]), flush=True)
    if args.markdown:
        args.markdown.write_text(record.markdown(outcomes))
    wrong = [outcome for outcome in outcomes if not outcome.right]
    print(f"{len(outcomes) - len(wrong)} of {len(outcomes)} verdicts were right")
    return 1 if wrong else 0


def _seeds(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


if __name__ == "__main__":
    sys.exit(main())
