"""The rows of a comparison in words, the same in every output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from reports.comparison.model import Change, Comparison, Difference, Fact, Side, Word
from reports.render import formatting

SYMBOLS = {
    Word.WORSE: "✗",
    Word.SAME: "=",
    Word.BETTER: "✓",
    Word.UNDECIDED: "?",
    Word.NO_STATEMENT: "–",
}
MEANINGS = {
    Word.WORSE: "beyond the margin on the wrong side, at a level that allows for so many figures",
    Word.SAME: "the interval lies wholly within the margin",
    Word.BETTER: "beyond the margin on the good side, at a level that allows for so many figures",
    Word.UNDECIDED: "these runs do not tell: more pairs would",
    Word.NO_STATEMENT: "these runs cannot tell, however many there are",
}
NO_DIFFERENCE = "Nothing differs in the set-up."
_MOST_SEEDS = 6
_MOST_TITLES = 3
_IMMENSE = 10.0
"""The ratio from which on the upper end of an interval says nothing."""
_FORBIDDEN = {
    "machine figures": "figures that depend on the machine",
    "all figures": "all figures",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A figure in words."""

    word: Word
    title: str
    a: str
    b: str
    change: str
    """`+10.2 %`; `–` where it cannot be had."""
    interval: str
    """`+8.9 to +11.5 %`; empty without one."""
    sample: str
    """`5 pairs`, `5 runs a side`; empty without statistics."""
    detectable: str
    """The smallest change that would have been found; empty where it is not known."""
    margin: str
    """The practical margin; empty without an interval."""
    why: str


def rows(comparison: Comparison) -> list[Row]:
    """The figures, in the order of the comparison."""
    return [row(each) for each in comparison.changes]


def row(each: Change) -> Row:
    """A figure in words."""
    return Row(
        word=each.word,
        title=formatting.clean(each.title),
        a=value(each.a, each.unit),
        b=value(each.b, each.unit),
        change=_change(each),
        interval=interval(each),
        sample=_sample(each),
        detectable="" if each.detectable is None else _share(each.detectable),
        margin=_share(each.margin) if interval(each) else "",
        why=formatting.clean(each.why),
    )


def value(number: float | None, unit: str) -> str:
    """A value with three digits and its unit: `11.4 ms`, `212 µs`, `2.41 KiB`, `0.12 %`."""
    if number is None:
        return formatting.MISSING
    if unit == "s" and 0 < number < 1:
        thousand = 1e3 if number >= 1e-3 else 1e6
        return f"{_digits(number * thousand)} {'ms' if number >= 1e-3 else 'µs'}"
    if unit in {"s", "bytes", "share"}:
        return formatting.quantity(number, unit)
    return f"{_digits(number)} {formatting.clean(unit)}".strip()


def _digits(number: float) -> str:
    if abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}"


def percent(ratio: float) -> str:
    """A ratio as a change, without the sign of percent: `+10.2`, `-1.5`, `0.0`."""
    change = (ratio - 1) * 100
    text = f"{change:+,.0f}" if abs(change) >= 99.95 else f"{change:+.1f}"
    return "0.0" if text in {"+0.0", "-0.0"} else text


def _change(each: Change) -> str:
    """The change of B against A; the plain one where there are no pairs."""
    if each.ratio is not None:
        return f"{percent(each.ratio)} %"
    if each.a is None or each.b is None:
        return formatting.MISSING
    if each.a == each.b:
        return "0.0 %"
    return f"{percent(each.b / each.a)} %" if each.a else f"from {value(each.a, each.unit)}"


def interval(each: Change) -> str:
    """The 95 % interval of the change: `+8.9 to +11.5 %`; empty without one."""
    if each.low is None or each.high is None:
        return ""
    high = percent(each.high) if each.high < _IMMENSE else f"> +{_IMMENSE * 100 - 100:.0f}"
    return f"{percent(each.low)} to {high} %"


def _sample(each: Change) -> str:
    if each.n < 1:
        return ""
    return formatting.plural(each.n, "pair") if each.paired else f"{_runs(each.n)} a side"


def _runs(number: int) -> str:
    return formatting.plural(number, "run")


def _share(share: float) -> str:
    return f"{_trimmed(share * 100)} %"


def _trimmed(number: float) -> str:
    if number >= _IMMENSE * 100 - 100:
        return f"> {_IMMENSE * 100 - 100:.0f}"
    return f"{number:.0f}" if number >= 99.5 else f"{number:.2g}"


def side_line(side: Side) -> str:
    """`runs/main · 5 runs · seeds 41 to 45 · 4 GO, 1 NO-GO`."""
    parts = [side.label, _runs(len(side.runs)), _seeds(side.seeds), _verdicts(side.verdicts)]
    return formatting.clean(" · ".join(part for part in parts if part))


def _seeds(seeds: Iterable[int | None]) -> str:
    known = sorted({seed for seed in seeds if seed is not None})
    if not known:
        return ""
    if len(known) == 1:
        return f"seed {known[0]}"
    if known == list(range(known[0], known[-1] + 1)):
        return f"seeds {known[0]} to {known[-1]}"
    shown = ", ".join(map(str, known[:_MOST_SEEDS]))
    return f"seeds {shown}" + (" …" if len(known) > _MOST_SEEDS else "")


def _verdicts(verdicts: Iterable[str]) -> str:
    counts = [(verdict, len(list(same))) for verdict, same in groupby(sorted(verdicts))]
    return ", ".join(f"{count} {verdict}" for verdict, count in counts)


def forbids(difference: Difference) -> str:
    """`all figures: B played another load`; empty if it forbids nothing."""
    if difference.forbids == "nothing":
        return ""
    why = formatting.clean(difference.why).rstrip(".")
    return _FORBIDDEN[difference.forbids] + (f": {why}" if why else "")


def asks(difference: Difference) -> str:
    """What a difference that forbids nothing asks for, and why; empty: nothing."""
    return "" if forbids(difference) else formatting.clean(difference.why).rstrip(".")


def consequence(difference: Difference) -> str:
    """What it forbids, else `nothing`, with what it asks for."""
    asked = asks(difference)
    return forbids(difference) or ("nothing" + (f". {asked}" if asked else ""))


def forbidden(comparison: Comparison) -> list[str]:
    """The statements that the differences forbid: each reason once, with its differences."""
    found: dict[str, list[str]] = {}
    for each in comparison.differences:
        if forbids(each):
            found.setdefault(forbids(each), []).append(formatting.clean(each.title))
    lines = []
    for told, titles in found.items():
        verb = "differs, which forbids" if len(titles) == 1 else "differ, which forbids"
        more = f" and {len(titles) - _MOST_TITLES} more" if len(titles) > _MOST_TITLES else ""
        lines.append(f"{', '.join(titles[:_MOST_TITLES])}{more} {verb} {told}")
    return lines


def fact_title(fact: Fact) -> str:
    """The title, with the reason where there is no statement, or others leave it undecided."""
    why = f" ({fact.why.rstrip('.')})" if fact.why else ""
    return formatting.clean(fact.title + why)


def _reasons(comparison: Comparison) -> dict[tuple[Word, str], list[str]]:
    """Word and reason → the titles of the figures."""
    found: dict[tuple[Word, str], list[str]] = {}
    for each in comparison.changes:
        if each.why:
            reason = (each.word, formatting.clean(each.why))
            found.setdefault(reason, []).append(formatting.clean(each.title))
    return found


def reason_lines(comparison: Comparison) -> list[str]:
    """`no statement about p50, p99: A was played on another machine`, each reason once."""
    lines = []
    for (word, why), titles in _reasons(comparison).items():
        every = len(titles) == len(comparison.changes)
        about = "" if every else f" about {', '.join(titles)}"
        lines.append(f"{word}{about}: {why.rstrip('.')}")
    return lines


def usual(values: Iterable[str]) -> str:
    """The most frequent value of the figures, which a heading says once; empty if there is none."""
    counted = Counter(each for each in values if each)
    return counted.most_common(1)[0][0] if counted else ""


def tally(comparison: Comparison) -> str:
    """`figures: 2 worse, 1 same`; zeros are left out."""
    words = [each.word for each in comparison.changes]
    counts = ", ".join(f"{words.count(word)} {word}" for word in Word if word in words)
    return f"figures: {counts or 'none'}"
