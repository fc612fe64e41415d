"""`make validate-capacity`: searches on services with a known limit.

The exit code is 1 when one of the claims does not hold.
"""

from __future__ import annotations

import math
import random
import statistics
import sys
from collections.abc import Iterator

from reports.capacity.criteria import WORK_LIMIT
from reports.capacity.knee import predicted_knee
from tests.validate.capacity.search import Outcome, overclaims, planted, search
from tests.validate.capacity.service import Service

SEEDS = range(1, 6)
SEARCHES = 50
STARVED = 10
WITHIN = 0.03
MOST_PROBES, MOST_SECONDS = 8, 600.0


def main() -> int:
    """Print a line for each claim."""
    held = [*_limits(), _foreseen(), _no_overload(), _starved()]
    return 0 if all(held) else 1


def _limits() -> Iterator[bool]:
    """The limit within 3 %, its resource named, on five seeds."""
    for each in planted():
        found = [search(each.service, seed) for seed in SEEDS]
        values = [outcome.answer.rate.value or 0.0 for outcome in found]
        worst = max(abs(value / each.limit - 1) for value in values)
        named = sum(outcome.answer.limited_by == each.limited_by for outcome in found)
        probes = max(len(outcome.probes) for outcome in found)
        seconds = max(outcome.seconds for outcome in found)
        cv = statistics.stdev(values) / statistics.mean(values)
        holds = worst <= WITHIN and named == len(found) and cv <= WITHIN
        holds = holds and probes <= MOST_PROBES and seconds <= MOST_SECONDS
        _say(
            holds,
            f"{each.name}: limit {each.limit:.1f} turns/s, found "
            f"{', '.join(f'{value:.1f}' for value in values)}; at most {worst * 100:.1f} % off, "
            f"CV {cv * 100:.1f} %, named {named} of {len(found)}, at most {probes} probes and "
            f"{seconds:.0f} s",
        )
        yield holds


def _foreseen() -> bool:
    """A demand at two loads foresees the limit of a core that has to wake nearer than one load."""
    service = Service(cpu_s=0.02, wake_s=0.006)
    found = {
        both: [search(service, seed, alternating=both) for seed in SEEDS] for both in (False, True)
    }
    off, probes = (
        {both: statistics.fmean(map(value, outcomes)) for both, outcomes in found.items()}
        for value in (_distance, lambda outcome: len(outcome.probes))
    )
    holds = off[True] < off[False]
    _say(
        holds,
        f"a core that has to wake: the limit is foreseen {off[True] * 100:.0f} % off by a demand "
        f"at two loads and {off[False] * 100:.0f} % at one, {probes[True]:.1f} and "
        f"{probes[False]:.1f} probes",
    )
    return holds


def _distance(outcome: Outcome) -> float:
    """Of the foreseen limit from the found one."""
    knee, limit = predicted_knee(outcome.demand).rate.value, outcome.answer.rate.value
    return abs(WORK_LIMIT * (knee or 0.0) / (limit or math.nan) - 1)


def _no_overload() -> bool:
    """No search calls an overload of 5 % or more sustainable."""
    draw = random.Random("capacity")
    wrong, off, inconclusive = 0, [], 0
    for seed in range(100, 100 + SEARCHES):
        carries = draw.uniform(15, 60)
        other = 1 / carries * draw.uniform(0.2, 0.6)
        kind = draw.choice(("cpu_s", "lock_s", "redis_s"))
        cost = 1 / carries
        service = Service(
            cpu_s=cost if kind == "cpu_s" else other,
            lock_s=cost if kind == "lock_s" else 0.0,
            redis_s=cost if kind == "redis_s" else 0.0005,
            spread=draw.uniform(0.1, 1.0),
            model_s=draw.uniform(0.03, 0.3),
        )
        outcome = search(service, seed, think_s=draw.choice((0.1, 2.0, 5.0)))
        limit = WORK_LIMIT * carries
        wrong += overclaims(outcome, limit)
        value = outcome.answer.rate.value
        inconclusive += value is None
        if value is not None:
            off.append(value / limit - 1)
    _say(
        wrong == 0,
        f"{wrong} of {SEARCHES} searches call an overload of 5 % sustainable; limits "
        f"{min(off) * 100:+.1f} to {max(off) * 100:+.1f} % off, median "
        f"{statistics.median(map(abs, off)) * 100:.1f} %, {inconclusive} without an answer",
    )
    return wrong == 0


def _starved() -> bool:
    """A starved generator never gets an answer."""
    ends = [search(Service(), seed, starved=True) for seed in range(200, 200 + STARVED)]
    told = sum(outcome.end.conclusive or outcome.answer.conclusive for outcome in ends)
    holds = told == 0
    _say(holds, f"{STARVED - told} of {STARVED} searches with a starved generator are inconclusive")
    return holds


def _say(holds: bool, words: str) -> None:
    print("✓" if holds else "✗", words, flush=True)


if __name__ == "__main__":
    sys.exit(main())
