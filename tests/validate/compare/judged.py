"""Comparisons of recorded pairs, made by the code of `diya compare`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import Any

from msgspec import structs

from reports.comparison.compare import compare
from reports.comparison.model import Change, Comparison, Word
from reports.comparison.sides import of_results
from tests.validate.compare.pairings import Pairing, pairings
from tests.validate.compare.planted import Plant, unchanged
from tests.validate.compare.recorded import Pair
from tests.validate.compare.shares import Share, share

MOST = 500
"""Comparisons of one kind; of more pairings, so many are drawn."""
DECIDED = (Word.WORSE, Word.BETTER)

Holds = Callable[[Comparison], bool]


def with_seeds(pairs: Sequence[Pair]) -> list[Pair]:
    """As if each pair had been played with a seed of its own.

    Of runs of one seed, `compare` also uses the spread between neighbouring pairs, which only tells
    something when the pairs were played one after the other.
    """
    return [
        structs.replace(
            pair,
            first=structs.replace(pair.first, result={**pair.first.result, "seed": pair.number}),
            second=structs.replace(pair.second, result={**pair.second.result, "seed": pair.number}),
        )
        for pair in pairs
    ]


def _without_load(pair: Pair, other: Pair) -> Pair:
    """Without the profile, which is the same in all runs and takes most of the time to compare."""
    for run in (pair.first, pair.second):
        if run.result["profile"] != other.first.result["profile"]:
            raise ValueError(f"pair {pair.number}: must have the profile of the other pairs")
    return structs.replace(
        pair,
        **{
            place: structs.replace(run, result={**run.result, "profile": {}})
            for place, run in (("first", pair.first), ("second", pair.second))
        },
    )


class Judge:
    """Compares the pairs of a series; those of different machines never with each other."""

    def __init__(self, pairs: Sequence[Pair], most: int = MOST) -> None:
        self.pairs, self.most = [_without_load(pair, pairs[0]) for pair in pairs], most
        # Runs of two days may be of two versions of diya.
        groups: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for place, pair in enumerate(pairs):
            groups[pair.machine or "", pair.day].append(place)
        self._groups = list(groups.values())

    def blocks(self, size: int) -> int:
        """Comparisons that fit into the pairs without sharing one."""
        return sum(len(places) // size for places in self._groups)

    def pairings(self, size: int) -> list[Pairing]:
        """Any pairs, and of A/A pairs either run may be called A."""
        return [
            each
            for places in self._groups
            if len(places) >= size
            for each in pairings(places, size, self.most)
        ]

    def windows(self, size: int) -> list[Pairing]:
        """The same of pairs that were played one after the other."""
        found = [
            each
            for places in self._groups
            for start in range(len(places) - size + 1)
            for each in pairings(places[start : start + size], size, self.most)
        ]
        return found[:: len(found) // self.most + 1]

    def disjoint(self, size: int) -> list[Pairing]:
        """Comparisons of neighbouring pairs that share none, as they were played."""
        a_first = {n for n, pair in enumerate(self.pairs) if pair.first.side == "A"}
        chosen = [
            tuple(places[start : start + size])
            for places in self._groups
            for start in range(0, len(places) - size + 1, size)
        ]
        return [Pairing(each, frozenset(a_first.intersection(each))) for each in chosen]

    def as_played(self, size: int) -> list[Pairing]:
        """Of pairs whose sides differ: A is what was played as A."""
        a_first = {n for n, pair in enumerate(self.pairs) if pair.first.side == "A"}
        return [
            Pairing(chosen, frozenset(a_first.intersection(chosen)))
            for places in self._groups
            for chosen in combinations(places, size)
        ][: self.most]

    def whole(self) -> Comparison:
        """All pairs as they were played, in one comparison."""
        sides: dict[str, list[dict[str, Any]]] = {"A": [], "B": []}
        for pair in self.pairs:
            for run in (pair.first, pair.second):
                sides[run.side].append(run.result)
        return compare(of_results(sides["A"], "A"), of_results(sides["B"], "B"))

    def shares(
        self,
        made: Sequence[Pairing],
        holds: Sequence[Holds],
        plant: Plant = unchanged,
        *,
        reference: Plant = unchanged,
    ) -> list[Share]:
        """For each statement, the share of the comparisons of which it holds.

        The plant changes the results of B, and `reference` those of A.
        """
        changed = [(plant(p.first.result), plant(p.second.result)) for p in self.pairs]
        kept = [(reference(p.first.result), reference(p.second.result)) for p in self.pairs]
        found: list[list[bool]] = [[] for _ in holds]
        for pairing in made:
            a, b = [], []
            for place in pairing.pairs:
                first = place in pairing.a_first
                a.append(kept[place][0 if first else 1])
                b.append(changed[place][1 if first else 0])
            comparison = compare(of_results(a, "A"), of_results(b, "B"))
            for each, values in zip(holds, found, strict=True):
                values.append(each(comparison))
        disjoint = self.blocks(len(made[0].pairs))
        return [share(made, values, disjoint) for values in found]


def alarmed(comparison: Comparison) -> bool:
    """Some fact or figure is called worse or better."""
    words = [fact.word for fact in comparison.facts]
    words += [change.word for change in comparison.changes]
    return any(word in DECIDED for word in words)


def says(word: Word, keys: Iterable[str]) -> Holds:
    """One of these figures has this word."""
    wanted = set(keys)
    return lambda comparison: any(
        change.word is word for change in comparison.changes if change.key in wanted
    )


def continuity_first(comparison: Comparison) -> bool:
    """Worse, the first fact is one of continuity that is worse, and the headline begins with it."""
    first = comparison.facts[0] if comparison.facts else None
    return (
        comparison.word is Word.WORSE
        and first is not None
        and first.continuity
        and first.word is Word.WORSE
        and first.title in comparison.headline
    )


def machine_figures_silent(comparison: Comparison) -> bool:
    """No figure that needs one machine has a statement, and each says why."""
    needing = [change for change in comparison.changes if change.needs_one_machine]
    return bool(needing) and all(
        change.word is Word.NO_STATEMENT and change.why for change in needing
    )


def others_compared(comparison: Comparison) -> bool:
    """Round trips, bytes and facts are compared."""
    free: list[Change] = [each for each in comparison.changes if not each.needs_one_machine]
    return (
        bool(free and comparison.facts)
        and all(change.word is not Word.NO_STATEMENT for change in free)
        and all(fact.word is not Word.NO_STATEMENT for fact in comparison.facts)
    )
