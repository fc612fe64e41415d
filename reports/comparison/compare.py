"""Compares two sides of runs: set-up, facts, then figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reports.comparison.changes import Judged, Margin, Runs, changes
from reports.comparison.disturbance import disturbance
from reports.comparison.facts import INCONCLUSIVE, facts
from reports.comparison.headline import headline
from reports.comparison.machine_speed import at_one_speed
from reports.comparison.metrics import Metric
from reports.comparison.model import Comparison, Difference, Fact, Word
from reports.comparison.pairs import in_turns, order, pairs, sound
from reports.comparison.setup import set_up
from reports.comparison.sides import SideRuns
from reports.comparison.statistics import KnownSpread


def compare(
    a: SideRuns,
    b: SideRuns,
    *,
    margin: Margin = None,
    same_machine: bool = False,
    known: Mapping[str, KnownSpread] | None = None,
    more: Sequence[Metric] = (),
) -> Comparison:
    """Compare B with A.

    `margin` is the practical margin of all figures, or of some by their keys; the others have their
    own.  `same_machine`: the user knows that both sides ran on one machine and that its speed did
    not change.  `known`: key of a figure → its spread in earlier runs of one set-up.  `more` are
    figures beside those of every comparison.
    """
    setup = set_up(a, b, same_machine=same_machine)
    a, b, speeds = _at_one_speed(a, b)
    found = pairs(a, b)
    turns = in_turns(found)
    others = disturbance(sound(a), sound(b))
    differences = [*setup.differences, *_seeds(a, b), *speeds, *others.differences()]
    differences += _left_out(a, b)
    against_machine = setup.against_machine
    if not turns and not same_machine:
        by_order = order(a, b, found)
        differences.append(by_order)
        against_machine = against_machine or by_order.why
    runs = Runs(
        a=sound(a),
        b=sound(b),
        pairs=found,
        in_turns=turns,
        same_machine=same_machine,
        against_all=setup.against_all,
        against_machine=against_machine,
        against_limits=setup.against_limits,
        disturbance=others,
    )
    figures = changes(runs, margin, known, more)
    rows = facts(a, b, setup, against_machine, others)
    word = overall(rows, figures)
    return Comparison(
        word=word,
        headline=headline(word, rows, figures, differences),
        a=a.side("A"),
        b=b.side("B"),
        differences=tuple(differences),
        facts=rows,
        changes=tuple(each.change for each in figures),
        timelines={
            name: dict(side.results[0]["timeline"])
            for name, side in (("A", a), ("B", b))
            if side.results[0].get("timeline")
        },
    )


def overall(rows: Sequence[Fact], figures: Sequence[Judged]) -> Word:
    """The word of the whole: the worst of the facts, of the figures, and of primary doubts."""
    words = [each.word for each in rows] + [each.change.word for each in figures]
    doubts = [each.word for each in rows]
    doubts += [each.change.word for each in figures if each.primary]
    if Word.WORSE in words:
        return Word.WORSE
    if Word.UNDECIDED in doubts:
        return Word.UNDECIDED
    if Word.BETTER in words:
        return Word.BETTER
    compared = [each for each in figures if each.change.word is not Word.NO_STATEMENT]
    if not compared:
        return Word.NO_STATEMENT
    # Only lesser figures were compared, and none of them is decided.
    sure = any(each.change.word is Word.SAME for each in compared)
    return Word.SAME if sure else Word.UNDECIDED


def _seeds(a: SideRuns, b: SideRuns) -> Iterator[Difference]:
    seeds = [sorted(str(result.get("seed")) for result in side.results) for side in (a, b)]
    if seeds[0] != seeds[1]:
        texts = [", ".join(each) for each in seeds]
        yield Difference(key="seed", title="Seeds", a=texts[0], b=texts[1])


def _at_one_speed(a: SideRuns, b: SideRuns) -> tuple[SideRuns, SideRuns, list[Difference]]:
    """The sides with their processor times at one speed of the machine, and what it was."""
    scaled, factors = at_one_speed(sound(a), sound(b))
    if not factors:
        return a, b, []
    in_order = iter(zip(scaled, factors, strict=True))
    sides, texts = [], []
    for side in (a, b):
        found = [
            (each, None) if each["verdict"] == INCONCLUSIVE else next(in_order)
            for each in side.results
        ]
        known = [factor for _, factor in found if factor is not None]
        texts.append(f"{min(known):.2f} to {max(known):.2f}" if known else "none")
        sides.append(SideRuns(side.label, tuple(result for result, _ in found)))
    title = "Time that the machine took for the same work (CPU is compared at 1)"
    difference = Difference(key="machine_speed", title=title, a=texts[0], b=texts[1])
    return sides[0], sides[1], [difference]


def _left_out(a: SideRuns, b: SideRuns) -> Iterator[Difference]:
    names = [
        [str(each["name"]) for each in side.results if each["verdict"] == INCONCLUSIVE]
        for side in (a, b)
    ]
    if any(names):
        texts = [", ".join(each) or "none" for each in names]
        title = "INCONCLUSIVE runs, left out of the figures"
        yield Difference(key="verdict", title=title, a=texts[0], b=texts[1])
