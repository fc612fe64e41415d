"""The facts of two sides: violations of continuity, verdicts, other failed gates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import comb

from reports.comparison.disturbance import STRICTER, Disturbance
from reports.comparison.metrics import Result
from reports.comparison.model import Fact, Word
from reports.comparison.setup import SetUp
from reports.comparison.sides import SideRuns
from reports.gates import VIOLATIONS, Kind, gate
from reports.measures.phases import in_brackets

INCONCLUSIVE = "INCONCLUSIVE"
_LEVEL = 0.015
"""One-sided, of the chance that a limit fails in so many more runs of one side: four of four
against none of four."""
_OF_THE_MACHINE = ("latency", "recovery", "errors")
"""Groups of gates whose limits a slower machine breaks."""
_NOT_VISIBLE = "not visible"
_HIDDEN = "One side does not show it."


@dataclass(slots=True)
class _Seen:
    """A gate on one side."""

    failed: int = 0
    """Runs."""
    judged: int = 0
    """Runs in which it passed or failed."""
    counted: float = 0
    """Violations in all failed runs."""


def facts(
    a: SideRuns, b: SideRuns, setup: SetUp, against_machine: str, others: Disturbance
) -> tuple[Fact, ...]:
    """The facts, those of continuity first.

    `against_machine` is the reason against a comparison of figures that depend on the machine,
    empty without one; limits of such figures are not compared then either.  `others` is what other
    processes used: beside them such limits need the stronger evidence that such figures do.
    """
    sides = [_gates(side.results) for side in (a, b)]
    keys = list(dict.fromkeys(key for side in sides for key in side))
    rows = [key for key in keys if gate(key[0]).kind is not Kind.VALIDITY]
    continuity = [key for key in rows if gate(key[0]).group == "continuity"]
    against = {False: setup.against_all or setup.against_limits}
    against[True] = against[False] or against_machine
    return (
        *_violations(continuity, sides),
        _verdict(a, b, against, others),
        *_limits([key for key in rows if key not in continuity], sides, against, others),
    )


_Key = tuple[str, str]
"""Gate and phase."""
_Gates = dict[_Key, _Seen]


def _gates(results: Iterable[Result]) -> _Gates:
    """The gates of a side.  In an unsound run only proven facts count."""
    found: _Gates = {}
    for result in results:
        for each in result["gates"]:
            name, status = str(each["name"]), each["status"]
            seen = found.setdefault((name, str(each["phase"])), _Seen())
            limit = gate(name).kind is not Kind.FACT
            if status == "unknown" or (limit and result["verdict"] == INCONCLUSIVE):
                continue
            seen.judged += 1
            if status == "fail":
                seen.failed += 1
                counts = result.get("continuity") or {}
                seen.counted += float(counts.get(gate(name).question) or each["value"] or 0)
    return found


def _violations(keys: Sequence[_Key], sides: Sequence[_Gates]) -> Iterator[Fact]:
    """Every kind that was seen on a side, then all others in one row."""
    others = [_Seen(), _Seen()]
    hidden: list[Fact] = []
    some_failed = False
    for key in keys:
        a, b = (side.get(key, _Seen()) for side in sides)
        if a.failed or b.failed:
            some_failed = True
            yield _violation(key[0], a, b, _word_of_fact(a, b))
        elif key[0].partition(".")[2] not in VIOLATIONS:
            continue
        elif bool(a.judged) != bool(b.judged):
            hidden.append(_violation(key[0], a, b, Word.NO_STATEMENT))
        elif a.judged:
            for side, each in zip(others, (a, b), strict=True):
                side.judged = max(side.judged, each.judged)
    yield from hidden
    if others[0].judged:
        kinds = "All other kinds" if some_failed or hidden else "All kinds"
        yield Fact(
            key="continuity",
            title=f"{kinds} of violation",
            a=_counted(others[0]),
            b=_counted(others[1]),
            word=Word.SAME,
            continuity=True,
        )


def _violation(name: str, a: _Seen, b: _Seen, word: Word) -> Fact:
    """One kind of violation on both sides."""
    return Fact(
        key=name,
        title=gate(name).title,
        a=_counted(a),
        b=_counted(b),
        word=word,
        continuity=True,
        why=_HIDDEN if word is Word.NO_STATEMENT else "",
    )


def _word_of_fact(a: _Seen, b: _Seen) -> Word:
    """A violation that A never shows decides; one that A shows too may be as rare in both."""
    if a.judged and b.failed and not a.failed:
        return Word.WORSE
    return _word_of_shares(a, b, proof=True)


def _beside_others(a: _Seen, b: _Seen, others: Disturbance) -> tuple[Word, str]:
    """The word of a limit that a slower machine breaks, and why others leave it undecided."""
    word = _word_of_shares(a, b, proof=False)
    if word not in (Word.WORSE, Word.BETTER) or not others.is_one:
        return word, ""
    if others.why_undecided:
        return Word.UNDECIDED, others.why_undecided
    word = _word_of_shares(a, b, proof=False, level=_LEVEL / STRICTER)
    return word, others.why_stricter if word is Word.UNDECIDED else ""


def _word_of_shares(a: _Seen, b: _Seen, *, proof: bool, level: float = _LEVEL) -> Word:
    """Compare the shares of failed runs by Fisher's exact test, at a one-sided level.

    Of a gate that is a `proof`, all runs of one side against none of the other decide too.  A limit
    that the runs come close to is broken by chance, for example in every other run of both sides.
    """
    if not a.judged or not b.judged:
        return Word.NO_STATEMENT
    if a.failed * b.judged == b.failed * a.judged:
        return Word.SAME
    worse = b.failed * a.judged > a.failed * b.judged
    more, less = (b, a) if worse else (a, b)
    all_or_none = proof and more.failed == more.judged and not less.failed
    if all_or_none or _chance(more, less) <= level:
        return Word.WORSE if worse else Word.BETTER
    return Word.UNDECIDED


def _chance(more: _Seen, less: _Seen) -> float:
    """The one-sided p value of Fisher's exact test."""
    failed, judged = more.failed + less.failed, more.judged + less.judged
    most = min(failed, more.judged)
    ways = sum(
        comb(more.judged, k) * comb(less.judged, failed - k)
        for k in range(more.failed, most + 1)
        if failed - k <= less.judged
    )
    return ways / comb(judged, failed)


def _verdict(a: SideRuns, b: SideRuns, against: dict[bool, str], others: Disturbance) -> Fact:
    verdicts = [[str(result["verdict"]) for result in side.results] for side in (a, b)]
    seen = [_Seen(each.count("NO-GO"), len(each) - each.count(INCONCLUSIVE)) for each in verdicts]
    proof = all(map(_proven, (*a.results, *b.results)))
    why = "" if proof else against[True]
    if not all(each.judged for each in seen):
        why = "Every run of a side is INCONCLUSIVE."
    word = Word.NO_STATEMENT
    if not why and proof:
        word = _word_of_shares(*seen, proof=True)
    elif not why:
        word, why = _beside_others(seen[0], seen[1], others)
    return Fact(
        key="verdict",
        title="Verdict",
        a=_distribution(verdicts[0]),
        b=_distribution(verdicts[1]),
        word=word,
        why=why,
    )


def _proven(result: Result) -> bool:
    """Whether no limit decided the verdict: it is GO, or a fact failed."""
    return result["verdict"] != "NO-GO" or any(
        each["status"] == "fail" and _is_proof(str(each["name"])) for each in result["gates"]
    )


def _is_proof(name: str) -> bool:
    """Whether a failure of this gate proves something on any machine, under any limits."""
    return gate(name).kind is Kind.FACT and gate(name).group not in _OF_THE_MACHINE


def _limits(
    keys: Sequence[_Key],
    sides: Sequence[_Gates],
    against: dict[bool, str],
    others: Disturbance,
) -> Iterator[Fact]:
    """Other gates that failed on a side."""
    for name, phase in keys:
        a, b = (side.get((name, phase), _Seen()) for side in sides)
        if not a.failed and not b.failed:
            continue
        row = gate(name)
        of_machine, proof = row.group in _OF_THE_MACHINE, _is_proof(name)
        why = "" if proof else against[of_machine]
        if why:
            word = Word.NO_STATEMENT
        elif of_machine:
            word, why = _beside_others(a, b, others)
        else:
            word = _word_of_shares(a, b, proof=proof)
        if word is Word.NO_STATEMENT and not why:
            why = _HIDDEN
        yield Fact(
            key=name if phase in ("run", "steady") else f"{name}:{phase}",
            title=row.title + in_brackets(phase),
            a=_failed(a),
            b=_failed(b),
            word=word,
            why=why,
        )


def _counted(seen: _Seen) -> str:
    if not seen.judged:
        return _NOT_VISIBLE
    if not seen.failed:
        return f"0 in {_runs(seen.judged)}"
    return f"{seen.counted:,.0f} in {seen.failed} of {_runs(seen.judged)}"


def _failed(seen: _Seen) -> str:
    if not seen.judged:
        return _NOT_VISIBLE
    if not seen.failed:
        return f"passed in {_runs(seen.judged)}"
    return f"failed in {seen.failed} of {_runs(seen.judged)}"


def _runs(number: int) -> str:
    return f"{number} run" if number == 1 else f"{number} runs"


def _distribution(verdicts: Sequence[str]) -> str:
    """For example `GO in 3 of 5, NO-GO in 2 of 5`."""
    return ", ".join(
        f"{each} in {verdicts.count(each)} of {len(verdicts)}"
        for each in ("GO", "NO-GO", INCONCLUSIVE)
        if each in verdicts
    )
