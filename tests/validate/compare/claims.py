"""What the recorded runs must show, each with its limit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from reports.comparison.model import Word
from tests.validate.compare import planted
from tests.validate.compare.drawn import SHAPES, drawn
from tests.validate.compare.judged import (
    Judge,
    alarmed,
    continuity_first,
    machine_figures_silent,
    others_compared,
    says,
    with_seeds,
)
from tests.validate.compare.pairings import SIZES, Pairing
from tests.validate.compare.planted import Plant
from tests.validate.compare.recorded import Pair, Run, pairs
from tests.validate.compare.resampled import resampled
from tests.validate.compare.series import SERIES
from tests.validate.compare.shares import Share, blocks_needed

MOST_ALARMS, MOST_ALARMS_UPPER = 0.02, 0.05
POWER = ((0.10, 5, 0.95), (0.05, 10, 0.80))
"""Planted change, pairs, the least share in which it is found."""
FEWEST_RUNS, FEWEST_DAYS = 40, 2
MOST_OF_OTHERS = 0.05
"""The share of all processors that others may use in a run that is called quiet."""
RESAMPLED, IN_EACH = 40, 100
"""Resampled series, and the comparisons in each."""
DRAWN, DRAWN_SIZES, DRAWN_SPREAD = 200, (3, 5, 10), 0.02
"""Comparisons of drawn pairs, the pairs of each, and the noise of a run."""
CPU_KEYS, TIME_KEYS = ("cpu_per_turn",), ("p50", "p99")
CPU_PLANTS = ("CPU a turn",)
TIME_PLANTS = ("latency, each turn times", "latency, each turn plus")


Make = Callable[[Judge, int], list[Pairing]]
"""Makes the comparisons of a size."""


@dataclass(frozen=True)
class Line:
    """A line of the table."""

    what: str
    pairs: int
    """Of a comparison; 0: the line is about no comparison."""
    share: Share | None
    limit: str
    kept: bool | None
    """None: told, not judged."""
    remark: str = ""


def lines(runs: Sequence[Run]) -> Iterator[Line]:
    """All claims, on whatever was recorded."""
    quiet, shared = quiet_and_shared(runs)
    neighbour = pairs(runs, "neighbour")
    yield _evidence(quiet)
    if quiet:
        judge = Judge(with_seeds(quiet))
        yield _spread(judge, SERIES["quiet"].title)
        yield from _alarms(judge)
        yield from _alarms_in_a_row(Judge(quiet))
    for part, which in by_measure(quiet):
        yield _spread(Judge(with_seeds(part)), f"A/A, {which}")
    for which, make, prepared in (
        ("any pairs", Judge.pairings, with_seeds),
        ("pairs in a row of one seed", Judge.windows, list),
    ):
        if quiet:
            yield from _power(Judge(prepared(quiet)), make, which, TIME_PLANTS)
        yield from power_of_cpu(quiet, make, which, prepared)
    # What these say does not depend on how calm the machine was.
    anywhere = quiet or shared
    if len(anywhere) >= SIZES[0]:
        yield _continuity(Judge(with_seeds(anywhere)))
        yield from _elsewhere(Judge(with_seeds(anywhere)))
    for name, recorded in (("shared", shared), ("neighbour", neighbour)):
        if recorded:
            disturbed = Judge(with_seeds(recorded))
            yield _spread(disturbed, SERIES[name].title)
            yield from _disturbed(disturbed, SERIES[name].title)
    for name, keys in (("cpu10", CPU_KEYS), ("latency10", TIME_KEYS)):
        recorded = pairs(runs, name)
        if recorded:
            yield from _real(Judge(with_seeds(recorded)), SERIES[name].title, keys)
    if runs:
        yield from _by_drawn_pairs((quiet[0].first if quiet else runs[0]).result)


def quiet_and_shared(runs: Sequence[Run]) -> tuple[list[Pair], list[Pair]]:
    """The pairs that had the machine for themselves, and those in which others worked on it.

    A pair that was to be quiet and was not is one of the others.
    """
    played = pairs(runs, "quiet")
    quiet = [pair for pair in played if pair.others <= MOST_OF_OTHERS]
    disturbed = [pair for pair in played if pair.others > MOST_OF_OTHERS]
    return quiet, [*pairs(runs, "shared"), *disturbed]


def _evidence(calm: Sequence[Pair]) -> Line:
    """How many runs there are, and whether they are of more than one day.

    A machine that was started anew may be the same one, or be on another host.
    """
    days, machines = {pair.day for pair in calm}, {pair.machine for pair in calm}
    count = 2 * len(calm)
    return Line(
        f"{count} A/A runs of {len(days)} days; starts of a machine: {len(machines)}",
        0,
        None,
        f"≥ {FEWEST_RUNS} runs, ≥ {FEWEST_DAYS} days",
        count >= FEWEST_RUNS and len(days) >= FEWEST_DAYS,
    )


def _others(recorded: Sequence[Pair]) -> str:
    """What other processes took meanwhile."""
    found = [run.others for pair in recorded for run in (pair.first, pair.second)]
    known = [each for each in found if each is not None]
    return f", others used {fmean(known):.0%} of the CPU" if known else ""


def _alarms(judge: Judge) -> Iterator[Line]:
    for size in SIZES:
        made = judge.pairings(size)
        if not made:
            continue
        (alarms,) = judge.shares(made, [alarmed])
        yield Line(
            "A/A, any pairs: a fact or figure is called worse or better",
            size,
            alarms,
            f"≤ {MOST_ALARMS:.0%}",
            alarms.value <= MOST_ALARMS,
        )
        yield _upper_limit(judge, size, alarms)


def _alarms_in_a_row(judge: Judge) -> Iterator[Line]:
    """The same where `compare` uses the spread between neighbouring pairs, too."""
    for size in SIZES:
        made = judge.windows(size)
        if made:
            (alarms,) = judge.shares(made, [alarmed])
            what = "A/A, pairs in a row of one seed: worse or better"
            kept = alarms.value <= MOST_ALARMS
            yield Line(what, size, alarms, f"≤ {MOST_ALARMS:.0%}", kept)


def _upper_limit(judge: Judge, size: int, alarms: Share) -> Line:
    """The share of alarms in the series that the machine might have given."""
    shares = []
    for pairs_again in resampled(judge.pairs, RESAMPLED):
        again = Judge(pairs_again, most=IN_EACH)
        (share,) = again.shares(again.pairings(size), [alarmed])
        shares.append(share.value)
    upper = sorted(shares)[math.ceil(0.975 * len(shares)) - 1]
    blind = (
        f"{alarms.by_blocks[1]:.0%} by the {alarms.blocks} comparisons that share no pair, of "
        f"which {blocks_needed(MOST_ALARMS_UPPER)} would do"
    )
    what = f"… upper limit by {RESAMPLED} resampled series: {upper:.1%}"
    return Line(what, size, None, f"< {MOST_ALARMS_UPPER:.0%}", upper < MOST_ALARMS_UPPER, blind)


def by_measure(quiet: Sequence[Pair]) -> list[tuple[list[Pair], str]]:
    """The quiet pairs in which the speed of the machine was measured, and how they are called.

    Those that hold the course of their runs come last: only in these a run that stands out can be
    explained.
    """
    known = [pair for pair in quiet if pair.speed_is_known]
    groups = (
        ([pair for pair in known if not pair.course_is_known], "pairs without a course"),
        ([pair for pair in known if pair.course_is_known], "pairs with a course"),
    )
    return [(part, what) for part, what in groups if part]


def power_of_cpu(
    quiet: Sequence[Pair], make: Make, which: str, prepared: Callable[[Sequence[Pair]], list[Pair]]
) -> Iterator[Line]:
    """CPU is planted into all quiet pairs; the claim is about those that hold a course, if any do.

    Beside others' work `compare` asks for stronger evidence, and no share is claimed.
    """
    groups = by_measure(quiet)
    for part, what in groups:
        judge, claimed = Judge(prepared(part)), part is groups[-1][0]
        yield from _power(judge, make, f"{which}, {what}", CPU_PLANTS, claimed=claimed)


def _power(
    judge: Judge, make: Make, which: str, plants: Sequence[str], *, claimed: bool = True
) -> Iterator[Line]:
    """Planted changes are found, and never in the wrong direction."""
    for change, size, least in POWER:
        made = make(judge, size)
        if made:
            for title, found, remark, right in _found(judge, made, change, plants):
                kept = right and (found.value >= least or not claimed)
                limit = f"≥ {least:.0%}, 0 wrong" if claimed else "0 wrong"
                yield Line(f"{title}, {which}", size, found, limit, kept, remark)


def _found(
    judge: Judge,
    made: Sequence[Pairing],
    change: float,
    plants: Sequence[str] = (*CPU_PLANTS, *TIME_PLANTS),
) -> Iterator[tuple[str, Share, str, bool]]:
    """Of each planted change: title, share found, what else is said, no wrong direction."""
    for what, keys, (worse, better) in _planted(judge.pairs, change):
        if what not in plants:
            continue
        either = [says(Word.WORSE, keys), says(Word.BETTER, keys)]
        found, wrong = judge.shares(made, either, worse)
        also_wrong, also_found = judge.shares(made, either, better)
        count = round((wrong.value + also_wrong.value) * len(made))
        yield (
            f"planted +{change:.0%} {what}: found",
            found,
            f"the same change downwards: {also_found.value:.1%}; "
            f"wrong direction: {count} of {2 * len(made):,}",
            count == 0,
        )


def _planted(
    recorded: Sequence[Pair], change: float
) -> Iterator[tuple[str, Sequence[str], tuple[Plant, Plant]]]:
    """Title, figures, and the plants that make it worse and better by the same factor."""
    up, down = 1 + change, 1 / (1 + change)
    p50 = fmean(
        run.result["latency"]["steady"]["p50"] for p in recorded for run in (p.first, p.second)
    )
    yield CPU_PLANTS[0], CPU_KEYS, (planted.cpu(up), planted.cpu(down))
    yield TIME_PLANTS[0], TIME_KEYS, (planted.slower(up), planted.slower(down))
    shift = change * p50
    yield TIME_PLANTS[1], TIME_KEYS, (planted.later(shift), planted.later(-shift))


def _continuity(judge: Judge) -> Line:
    """A lost turn in B comes first, although B is better in all else."""
    made = judge.pairings(5) or judge.pairings(3)
    better = planted.cpu(0.7)

    def plant(result: planted.Result) -> planted.Result:
        return planted.losing(planted.slower(0.7)(better(result)))

    (first,) = judge.shares(made, [continuity_first], plant)
    return Line(
        "planted loss of a turn in a B that is 30 % faster: named first",
        len(made[0].pairs),
        first,
        "100%",
        first.value == 1,
    )


def _elsewhere(judge: Judge) -> Iterator[Line]:
    """A baseline from another machine."""
    made = judge.pairings(5) or judge.pairings(3)
    silent, compared, wrong = judge.shares(
        made,
        [machine_figures_silent, others_compared, alarmed],
        reference=planted.elsewhere,
    )
    size = len(made[0].pairs)
    what = "A from another machine: "
    yield Line(f"{what}says that time is not compared", size, silent, "100%", silent.value == 1)
    yield Line(f"{what}bytes, trips and facts are", size, compared, "100%", compared.value == 1)
    yield Line(f"{what}worse or better", size, wrong, f"≤ {MOST_ALARMS:.0%}", wrong.value <= 0.02)


def _disturbed(judge: Judge, title: str) -> Iterator[Line]:
    """Never wrong; undecided is allowed."""
    for size in SIZES:
        made = judge.pairings(size)
        if not made:
            continue
        (wrong,) = judge.shares(made, [alarmed])
        yield Line(f"{title}: worse or better", size, wrong, "0", wrong.value == 0)
        for planted_title, found, remark, right in _found(judge, made, POWER[0][0]):
            yield Line(f"… {planted_title}", size, found, "0 wrong", right, remark)


def _by_drawn_pairs(base: planted.Result) -> Iterator[Line]:
    """Independent comparisons of pairs whose noise has a known shape."""
    for shape in SHAPES:
        for size in DRAWN_SIZES:
            judge = Judge(drawn(base, shape, DRAWN_SPREAD, size * DRAWN))
            (alarms,) = judge.shares(judge.disjoint(size), [alarmed])
            upper = alarms.by_blocks[1]
            yield Line(
                f"drawn A/A pairs, CV {DRAWN_SPREAD:.0%}, {shape}: worse or better",
                size,
                alarms,
                f"≤ {MOST_ALARMS:.0%}, upper < {MOST_ALARMS_UPPER:.0%}",
                alarms.value <= MOST_ALARMS and upper < MOST_ALARMS_UPPER,
            )
    for size in (1, *DRAWN_SIZES):
        judge = Judge(drawn(base, "normal", DRAWN_SPREAD, size * DRAWN))
        (alarms,) = judge.shares(
            judge.disjoint(size), [alarmed], planted.at_its_limit, reference=planted.at_its_limit
        )
        what = "drawn A/A pairs, the p99 gate fails in every other run: worse or better"
        kept = alarms.value <= MOST_ALARMS
        yield Line(what, size, alarms, f"≤ {MOST_ALARMS:.0%}", kept)


def _spread(judge: Judge, title: str) -> Line:
    """The spread of each figure from run to run, the drift between pairs taken out."""
    known = [(c.title, c.spread) for c in judge.whole().changes if c.spread]
    texts = ", ".join(f"{name} {spread:.1%}" for name, spread in known)
    count = len(judge.pairs)
    return Line(f"{title}, {count} pairs{_others(judge.pairs)}; CV: {texts}", 0, None, "", None)


def _real(judge: Judge, title: str, keys: Sequence[str]) -> Iterator[Line]:
    """A service that really is slower."""
    for change in judge.whole().changes:
        if change.key in keys and change.ratio and change.low and change.high:
            between = f"{change.low - 1:+.1%} to {change.high - 1:+.1%}"
            what = f"{title}: {change.title} {change.ratio - 1:+.1%} ({between}), {change.word}"
            yield Line(what, len(judge.pairs), None, "", None)
    for size in SIZES:
        made = judge.as_played(size)
        if made:
            found, against = judge.shares(made, [says(Word.WORSE, keys), says(Word.BETTER, keys)])
            yield Line(f"{title}: found", size, found, "", None)
            yield Line("… in the wrong direction", size, against, "0", against.value == 0)
