"""`make prove-judge`: the judge against 2,000 correct services and 500 of each harm.

No correct service may be convicted, and 99 % of the harmed must be.  About a minute and a half.
"""

from __future__ import annotations

import argparse
import sys

from tests.prove.verdicts.harm import HARMS
from tests.prove.verdicts.trial import Trial, acquit, convict

LEAST_SHARE = 0.99


def main() -> int:
    """Print a line for each kind; 1 when one is not judged as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove.verdicts", description=__doc__)
    parser.add_argument("--correct", type=int, default=2000, help="runs of correct services")
    parser.add_argument("--harmed", type=int, default=500, help="runs of each harm")
    parser.add_argument("--first-seed", type=int, default=0)
    args = parser.parse_args()
    print(f"{'runs':28}{'judged':>8}{'NO-GO':>8}{'of it':>8}{'unknown':>9}")
    correct = acquit(range(args.first_seed, args.first_seed + args.correct))
    _print("correct services", correct)
    kept = not correct.convicted
    for kind in HARMS:
        trial = convict(kind, args.harmed, args.first_seed)
        _print(kind, trial)
        kept &= trial.share >= LEAST_SHARE
    print("kept" if kept else "MISSED")
    return 0 if kept else 1


def _print(kind: str, trial: Trial) -> None:
    counts = f"{trial.runs:>8,}{trial.convicted:>8,}{trial.rightly:>8,}{trial.unknown:>9,}"
    print(f"{kind:28}{counts}", flush=True)
    for example in trial.examples[:3]:
        print(f"    {example}")


if __name__ == "__main__":
    sys.exit(main())
