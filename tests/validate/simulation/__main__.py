"""`python -m tests.validate.simulation calibrate | predict | measure | compare`.

`calibrate` plays a low load, writes calibration.json, and the machine's speed in it.
`predict` writes predictions.json, which is committed before anything else is played.
`measure` plays what is not in measurements.json yet; `--minutes 8` plays it in parts.
`compare` prints both; the exit code is 1 when one of the claims does not hold.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from loadtests.simulation import calibration as calibrations
from loadtests.simulation.calibration import Calibration
from tests.validate.simulation.calibrate import calibrated
from tests.validate.simulation.compare import lines, of_these, table
from tests.validate.simulation.configurations import Configuration, configurations
from tests.validate.simulation.figures import MEASUREMENTS, PREDICTIONS, Figures, File, read, write
from tests.validate.simulation.measure import measured
from tests.validate.simulation.predict import predicted

HERE = Path(__file__).parent
CALIBRATION = HERE / "calibration.json"
REPEATED = ("n1-0.6", "n1-0.85", "n3-0.75", "n12-0.75")


def main() -> int:
    """Run the step that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=("calibrate", "predict", "measure", "compare"))
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--minutes", type=float, default=60.0, help="the time for `measure`")
    parser.add_argument("--out", type=Path, default=Path("runs/validate"))
    args = parser.parse_args()
    chosen = [each for each in configurations() if not args.only or each.name in args.only]
    if args.step == "compare":
        return _compare(chosen)
    if args.step == "calibrate":
        calibration, work_s = calibrated(args.out)
        calibrations.write(CALIBRATION, calibration)
        write(
            HERE / PREDICTIONS, File(source=calibration.source, reference_work_s=work_s, figures={})
        )
        return 0
    calibration = calibrations.read(CALIBRATION)
    if args.step == "predict":
        _predict(chosen, calibration)
    else:
        _measure(chosen, calibration, args.out, args.minutes)
    return 0


def _predict(chosen: list[Configuration], calibration: Calibration) -> None:
    found = {each.name: predicted(each, calibration) for each in chosen}
    work_s = read(HERE / PREDICTIONS).reference_work_s
    write(
        HERE / PREDICTIONS, File(source=calibration.source, reference_work_s=work_s, figures=found)
    )


def _measure(
    chosen: list[Configuration], calibration: Calibration, out: Path, minutes: float
) -> None:
    """Play what is missing, the repeated ones twice; what was measured is kept after each run.

    No run begins that would probably end after `minutes`, so a series may be played in parts.
    """
    begun, longest = time.monotonic(), 0.0
    path = HERE / MEASUREMENTS
    foreseen = read(HERE / PREDICTIONS)
    found = of_these(foreseen, read(path)).figures if path.exists() else {}
    for each in missing(chosen, found):
        since = time.monotonic()
        if since - begun + longest > minutes * 60:
            print(f"{minutes:g} minutes are over: the same command plays the rest")
            return
        figures = measured(each, calibration, out)
        found.setdefault(each.name, []).append(figures)
        print(each.name, figures, flush=True)
        write(path, File(source=f"{os.cpu_count()} cores", figures=found))
        longest = max(longest, time.monotonic() - since)


def missing(
    chosen: list[Configuration], found: Mapping[str, Sequence[Figures]]
) -> list[Configuration]:
    """What is still to be played: every configuration once, then the repeated ones again."""
    again = [each for each in chosen if each.name in REPEATED]
    once = [each for each in chosen if not found.get(each.name)]
    return [*once, *(each for each in again if len(found.get(each.name, ())) < 2)]


def _compare(chosen: list[Configuration]) -> int:
    for name, step in ((PREDICTIONS, "predict"), (MEASUREMENTS, "measure")):
        if not (HERE / name).exists():
            print(f"{HERE / name} must exist: run `{step}` first", file=sys.stderr)
            return 1
    foreseen = read(HERE / PREDICTIONS)
    real = of_these(foreseen, read(HERE / MEASUREMENTS))
    if not real.figures:
        print(
            f"{HERE / MEASUREMENTS} is of other predictions: run `measure` first", file=sys.stderr
        )
        return 1
    print("\n".join(table(chosen, foreseen, real)))
    print()
    held = True
    for holds, line in lines(chosen, foreseen, real):
        held &= holds
        print("✓" if holds else "✗", line)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
