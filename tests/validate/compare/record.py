"""Plays pairs of runs and keeps each as soon as it has ended.

The order of the sides is ABBA: A first in odd pairs, B first in even ones.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Literal

from reports.basics.exit_codes import ExitCode
from reports.measures.foreign_cpu import stretches
from reports.records.history import History
from reports.records.history import read as read_history
from tests.validate.compare import recorded
from tests.validate.compare.course import course, spent
from tests.validate.compare.neighbour import neighbour
from tests.validate.compare.recorded import Run
from tests.validate.compare.series import Series
from tests.validate.compare.watch import Watched, seconds_of, watch

_JUDGED = (ExitCode.GO, ExitCode.NO_GO, ExitCode.INCONCLUSIVE)
_LONGEST_S = 240.0
_FIRST_GUESS_S = 70.0


class RunFailedError(Exception):
    """`diya readiness` ended without a verdict."""


def record(series: Series, wanted: int, minutes: float, path: Path = recorded.FILE) -> int:
    """Play until the file has so many pairs of the series, or the time is over.

    A pair that was interrupted is played again as a whole: its runs must be next to each other.
    The number of pairs in the file is returned.  Raises RunFailedError.
    """
    runs = recorded.read(path)
    whole = {pair.number for pair in recorded.pairs(runs, series.name)}
    runs = [run for run in runs if run.series != series.name or run.pair in whole]
    begin, longest = time.monotonic(), 0.0
    for number in missing(whole, wanted):
        started = time.monotonic()
        if started - begin + (longest or _FIRST_GUESS_S) > minutes * 60:
            break
        for side in order(number):
            run = _played(series, number, side)
            runs.append(run)
            recorded.write(runs, path)
            _say(run)
        whole.add(number)
        longest = max(longest, time.monotonic() - started)
    return len(whole)


def missing(whole: set[int], wanted: int) -> list[int]:
    """The numbers of the pairs that are to be played, so that there are `wanted` of them."""
    free = (number for number in range(1, wanted + len(whole) + 1) if number not in whole)
    return [number for number, _ in zip(free, range(wanted - len(whole)), strict=False)]


def order(number: int) -> tuple[Literal["A", "B"], Literal["A", "B"]]:
    """The sides of a pair in the order in which they are played."""
    return ("A", "B") if number % 2 else ("B", "A")


def _played(series: Series, number: int, side: Literal["A", "B"]) -> Run:
    with tempfile.TemporaryDirectory(prefix="compare") as folder:
        run_dir, used, watched = _play(series, number, side, Path(folder))
        result: dict[str, Any] = json.loads((run_dir / "result.json").read_bytes())
        history = read_history(run_dir)
        others, seconds = others_share(history), course(history) | seconds_of(history, watched)
        shutil.rmtree(run_dir)
    return Run(
        series=series.name,
        pair=number,
        side=side,
        others=None if others is None else round(others, 4),
        result=recorded.kept(result),
        course=seconds,
        spent=used,
    )


def _play(
    series: Series, number: int, side: str, out: Path
) -> tuple[Path, dict[str, float], Watched]:
    diya = Path(sys.executable).with_name("diya")
    words = [*series.options(side), "--out", str(out), "--quiet"]
    beside = neighbour(_seed(number, side)) if series.neighbour else nullcontext()
    # What the neighbour used counts after its end only.
    with beside, watch() as watched, spent() as used:
        done = subprocess.run(
            [diya, "readiness", *words],
            env={**os.environ, **series.environment(side)},
            capture_output=True,
            text=True,
            timeout=_LONGEST_S,
            check=False,
        )
    folders = sorted(out.glob("*/result.json"))
    if done.returncode not in _JUDGED or not folders:
        raise RunFailedError(
            f"the run of pair {number}, side {side} must end with a verdict, "
            f"got exit code {done.returncode}: {done.stderr.strip() or done.stdout.strip()}"
        )
    return folders[-1].parent, used.values, watched


def _seed(number: int, side: str) -> int:
    """The neighbour of each run works at other times."""
    return 2 * number + (side == "B")


def others_share(history: History) -> float | None:
    """The share of all processors that others used, the mean over the load."""
    start, end = history.load_start, history.load_end
    if start is None or end is None:
        return None
    found: Sequence[float] = [
        each.foreign for each in stretches(history) if start <= each.at <= end
    ]
    return sum(found) / len(found) / 100 if found else None


def _say(run: Run) -> None:
    steady = run.result["latency"].get("steady") or {}
    p50, others = steady.get("p50") or 0.0, run.others or 0.0
    print(
        f"{run.series} pair {run.pair} {run.side}: {run.result['verdict']}, "
        f"{steady.get('count', 0)} turns, p50 {p50 * 1000:.0f} ms, others {others:.0%} of the CPU",
        flush=True,
    )
