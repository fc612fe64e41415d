"""`make calibrate`: every known-bad system is convicted of its class, every good one acquitted."""

from __future__ import annotations

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from reports.basics.exit_codes import ExitCode
from tests.calibrate import record
from tests.calibrate.run import SKIPPED, Outcome, judge
from tests.calibrate.systems import BY_NAME, SYSTEMS


def main() -> int:
    """Exit code 0 when every verdict was the right one."""
    parser = argparse.ArgumentParser(prog="python -m tests.calibrate", description=__doc__)
    parser.add_argument(
        "--seeds",
        type=_seeds,
        default=range(1, 2),
        metavar="1-5",
        help="a seed, or a range of seeds (default: 1)",
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=BY_NAME,
        metavar="NAME",
        help="play this system only; may be repeated",
    )
    parser.add_argument(
        "--jobs",
        type=int,
        choices=range(1, 9),
        default=1,
        help="systems that play at the same time (default: 1)",
    )
    parser.add_argument("--list", action="store_true", help="list the systems and end")
    parser.add_argument(
        "--record", type=Path, metavar="FILE", help="add the outcomes to this file, as JSON"
    )
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="write the track record to this file"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="keep the runs in this folder")
    args = parser.parse_args()
    chosen = [system for system in SYSTEMS if not args.only or system.name in args.only]
    if args.list:
        for system in chosen:
            print(f"{system.name:20} {system.convicts or 'GO':26} {system.what}")
        return 0
    outcomes: list[Outcome] = []
    with (
        tempfile.TemporaryDirectory(prefix="diya-calibrate-") as scratch,
        ThreadPoolExecutor(args.jobs) as pool,
    ):
        out, keep = args.out or Path(scratch), args.out is not None
        # Seed by seed: when somebody interrupts, some seeds are whole.
        waiting = [
            pool.submit(judge, system, seed, out, keep=keep)
            for seed in args.seeds
            for system in chosen
        ]
        try:
            for each in as_completed(waiting):
                outcomes.append(each.result())
                print(record.line(outcomes[-1]), flush=True)
                if args.record:
                    record.add(args.record, outcomes[-1])
        finally:
            pool.shutdown(cancel_futures=True)
    if args.markdown:
        args.markdown.write_text(record.markdown(outcomes))
    skipped = [outcome for outcome in outcomes if outcome.verdict == SKIPPED]
    wrong = [o for o in outcomes if not o.right and o not in skipped]
    right = len(outcomes) - len(wrong) - len(skipped)
    print(
        f"{right} of {len(outcomes)} verdicts were right"
        + (f", {len(skipped)} were skipped" if skipped else "")
    )
    return 1 if wrong else 0


def _seeds(text: str) -> range:
    first, _, last = text.partition("-")
    try:
        seeds = range(int(first), int(last or first) + 1)
    except ValueError:
        seeds = range(0)
    if not seeds:
        raise argparse.ArgumentTypeError(f"must be a seed, or a range such as 1-5, got {text!r}")
    return seeds


if __name__ == "__main__":
    try:
        code = main()
    except KeyboardInterrupt:
        print("calibrate: interrupted; no system was judged after the last line", file=sys.stderr)
        code = ExitCode.INTERRUPTED
    sys.exit(code)
