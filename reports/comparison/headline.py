"""The first sentence of a comparison: the word, and the strongest reason for it."""

from __future__ import annotations

from collections.abc import Sequence

from reports.comparison.changes import Judged
from reports.comparison.model import Change, Difference, Fact, Word


def headline(
    word: Word,
    facts: Sequence[Fact],
    figures: Sequence[Judged],
    differences: Sequence[Difference],
) -> str:
    """One sentence without a full stop; a second one names the work of other processes."""
    if word in (Word.WORSE, Word.BETTER):
        reason = _reason(word, facts, figures)
        return f"B is {word.value}: {reason}{_limits(differences)}"
    if word is Word.UNDECIDED:
        doubt = f"{_doubt(facts, figures)}{_others(facts, figures)}"
        return f"Undecided: {doubt}{_limits(differences)}"
    if word is Word.SAME:
        same = [each.change for each in figures if each.change.word is Word.SAME]
        names = ", ".join(each.title for each in same[:3])
        rest = f" and {len(same) - 3} more" if len(same) > 3 else ""
        return f"B is the same as A within the margin: {names}{rest}{_limits(differences)}"
    against = next((each.why for each in differences if each.forbids == "all figures"), "")
    against = against or next((each.change.why for each in figures if each.change.why), "")
    return f"No statement: {_as_part(against or 'No figure was measured.')}"


def _reason(word: Word, facts: Sequence[Fact], figures: Sequence[Judged]) -> str:
    """The first fact, else the figure with the strongest evidence."""
    for fact in facts:
        if fact.word is word:
            return f"{fact.title}: {fact.b}, in A {fact.a}"
    found = [each for each in figures if each.change.word is word]
    strongest = min(found, key=lambda each: (each.evidence, not each.primary))
    change = strongest.change
    ratio = 1.0 if change.ratio is None else change.ratio
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return f"{change.title} {_percent(ratio)} ({_interval(change)}){more}"


def _doubt(facts: Sequence[Fact], figures: Sequence[Judged]) -> str:
    for fact in facts:
        if fact.word is Word.UNDECIDED:
            return f"{fact.title}: {fact.b}, in A {fact.a}"
    found = [each.change for each in figures if each.change.word is Word.UNDECIDED]
    change = found[0]
    more = f", and {len(found) - 1} more figures are open" if len(found) > 1 else ""
    return f"{change.title} may have changed by {_interval(change)}{more}"


def _others(facts: Sequence[Fact], figures: Sequence[Judged]) -> str:
    """Why other processes leave something undecided; empty where they do not."""
    rows: list[Fact | Change] = [*facts, *(each.change for each in figures)]
    why = next((each.why for each in rows if each.word is Word.UNDECIDED and each.why), "")
    return f". {_as_part(why)}" if why else ""


def _interval(change: Change) -> str:
    if change.low is None or change.high is None:
        return "no interval"
    high = _percent(change.high) if change.high < 100 else "any rise"
    return f"{_percent(change.low)} to {high}"


def _percent(ratio: float) -> str:
    return f"{(ratio - 1) * 100:+.1f} %"


def _limits(differences: Sequence[Difference]) -> str:
    """The reason why figures of the machine were left out."""
    why = next((each.why for each in differences if each.forbids == "machine figures"), "")
    return f"; no statement on figures of the machine: {_as_part(why)}" if why else ""


def _as_part(sentence: str) -> str:
    return sentence.removesuffix(".")
