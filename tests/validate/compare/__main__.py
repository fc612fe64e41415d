"""`python -m tests.validate.compare record | prove`.

`record` plays pairs of runs and adds each to recorded.json as soon as it has ended; it may be
interrupted, and goes on where it was.  `prove` compares the recorded runs in all pairings; the exit
code is 1 when one of the claims does not hold.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.validate.compare import recorded
from tests.validate.compare.claims import lines
from tests.validate.compare.record import RunFailedError, record
from tests.validate.compare.series import SERIES
from tests.validate.compare.table import text, update


def main() -> int:
    """Run the step that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, default=recorded.FILE)
    steps = parser.add_subparsers(dest="step", required=True)
    play = steps.add_parser("record")
    play.add_argument("--series", choices=SERIES, default="quiet")
    play.add_argument("--pairs", type=int, default=20, help="that the file is to hold")
    play.add_argument("--minutes", type=float, default=60.0, help="no pair begins that ends later")
    prove = steps.add_parser("prove")
    prove.add_argument(
        "--update", type=Path, metavar="PAGE", help="writes the table into this page"
    )
    args = parser.parse_args()
    return _record(args) if args.step == "record" else _prove(args)


def _record(args: argparse.Namespace) -> int:
    try:
        held = record(SERIES[args.series], args.pairs, args.minutes, args.file)
    except KeyboardInterrupt:
        print("interrupted: every run that ended is kept", file=sys.stderr)
        return 130
    except RunFailedError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{held} of {args.pairs} pairs of {args.series} are in {args.file.name}")
    return 0 if held >= args.pairs else 1


def _prove(args: argparse.Namespace) -> int:
    found = []
    for line in lines(recorded.read(args.file)):
        print(text(line), flush=True)
        found.append(line)
    if args.update:
        update(args.update, found)
    missed = sum(line.kept is False for line in found)
    kept = sum(line.kept is True for line in found)
    print(f"{kept} claims hold, {missed} do not")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
