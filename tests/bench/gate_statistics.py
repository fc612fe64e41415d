"""`make gate-statistics`: how often chance misleads the gates, by the size of the run.

Runs are drawn whose true share of bad turns is known, and judged by the same functions as recorded
runs (`intervals` and `relapse` of `reports.measures`).  A false NO-GO convicts a service that keeps
its limit; a false GO acquits one that does not.  The tables are those of `docs/evidence.md`.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reports.measures.intervals import SLOW_SHARE, judge_share
from reports.measures.relapse import turns_felt
from reports.records import Status

TIMES_THE_LIMIT = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
SIZES = {
    SLOW_SHARE: (12, 30, 99, 100, 130, 299, 300, 1_000, 3_000, 10_000),
    0.001: (50, 100, 130, 1_000, 2_999, 3_000, 10_000, 30_000),
}
"""Turns, for each limit on the share of bad turns: a p99, and an error rate of 0.1 %."""
LOADS = (3, 10, 30, 100, 1_000)
"""Turns a second."""
NOISE = (0.001, 0.005, 0.009)
"""Share of turns that are slow without a fault."""
TAILS = (0.05, 0.1, 0.2, 0.5)
"""Share of turns disturbed for 20 s after the healing."""
RECOVERY_LIMIT_S = 15.0
_WATCHED_S = 60.0


@dataclass(frozen=True, slots=True)
class Aftermath:
    """The turns after a fault: seconds after the healing."""

    dues: Sequence[float]
    disturbed: Sequence[tuple[float, float]]
    """Due and done."""

    @property
    def recovery_s(self) -> float:
        """How long after the healing the last turn was disturbed that is the fault's."""
        felt = turns_felt(self.disturbed, self.dues, 0.0, SLOW_SHARE)
        return max((done for _, done in self.disturbed[:felt]), default=0.0)


def bad_turns(chance: random.Random, turns: int, share: float) -> int:
    """How many of so many turns are bad, each with the same probability, 0 < share < 1."""
    bad, at = 0, -1
    step = math.log1p(-share)
    while True:
        at += 1 + int(math.log(1.0 - chance.random()) / step)
        if at >= turns:
            return bad
        bad += 1


def verdicts(
    chance: random.Random, turns: int, limit: float, share: float, runs: int
) -> Counter[Status]:
    """How a gate on a share judges so many runs of `turns` turns with this true share."""
    return Counter(judge_share(bad_turns(chance, turns, share), turns, limit) for _ in range(runs))


def aftermath(
    chance: random.Random, load: float, noise: float, tail: float = 0.0, tail_s: float = 0.0
) -> Aftermath:
    """The minute after a healing: every turn of the first second is disturbed, then a share `tail`
    of them for `tail_s`, then those that are slow anyway."""
    dues, disturbed, at = [], [], 0.0
    while (at := at + chance.expovariate(load)) < _WATCHED_S:
        dues.append(at)
        share = 1.0 if at < 1.0 else tail if at < tail_s else noise
        if chance.random() < share:
            disturbed.append((at, at + chance.uniform(2.0, 6.0)))
    return Aftermath(dues, disturbed)


def convicted(
    chance: random.Random, load: float, noise: float, runs: int, tail: float = 0.0
) -> int:
    """Of so many faults, how many have a recovery beyond the limit; a tail lasts 20 s."""
    return sum(
        aftermath(chance, load, noise, tail, 20.0 if tail else 0.0).recovery_s > RECOVERY_LIMIT_S
        for _ in range(runs)
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    print("| " + " | ".join(head) + " |")
    print("|" + "--:|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)
    print()


def _share_table(chance: random.Random, limit: float, runs: int) -> None:
    print(f"A limit of {limit:.1%} on the share of bad turns; NO-GO / GO, of {runs:,} runs each\n")
    head = ["turns", *(f"{limit * times:.2%} are bad" for times in TIMES_THE_LIMIT)]
    rows = []
    for turns in SIZES[limit]:
        cells = [f"{turns:,}"]
        for times in TIMES_THE_LIMIT:
            found = verdicts(chance, turns, limit, limit * times, runs)
            cells.append(f"{found[Status.FAIL] / runs:.1%} / {found[Status.PASS] / runs:.1%}")
        rows.append(cells)
    _table(head, rows)


def _recovery_table(chance: random.Random, runs: int) -> None:
    print(f"A recovery of at most {RECOVERY_LIMIT_S:g} s; NO-GO, of {runs:,} faults each")
    print("(a tenth of them at 100 turns/s and more)\n")
    head = ["turns/s", *(f"{noise:.1%} slow anyway" for noise in NOISE)]
    head += [f"{tail:.0%} disturbed for 20 s" for tail in TAILS]
    rows = []
    for load in LOADS:
        faults = runs if load < 100 else max(1, runs // 10)
        found = [convicted(chance, load, noise, faults) for noise in NOISE]
        found += [convicted(chance, load, NOISE[1], faults, tail) for tail in TAILS]
        rows.append([f"{load:,}", *(f"{each / faults:.2%}" for each in found)])
    _table(head, rows)


def main() -> int:
    """Print the tables as Markdown."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.gate_statistics", description=__doc__
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=10_000, help="runs for each cell")
    parser.add_argument("--faults", type=int, default=2_000, help="faults for each cell")
    args = parser.parse_args()
    for limit in SIZES:
        _share_table(random.Random(args.seed), limit, args.runs)
    _recovery_table(random.Random(args.seed), args.faults)
    return 0


if __name__ == "__main__":
    sys.exit(main())
