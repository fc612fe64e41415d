"""The search for the sustainable load: a pure function of the prediction and the probes so far.

It starts from the knee that the demand predicts, puts a probe just below and one just above the
expected limit, repeats both, and moves where they contradict it.  The evidence is that of
`reports.capacity.evidence`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.capacity.criteria import WORK_LIMIT
from reports.capacity.evidence import Bounds, bounds, expected_limit
from reports.capacity.findings import Answer, Probe, ProbeKind
from reports.capacity.sustainable import NARROW

__all__ = ["Finished", "Next", "Rules", "next_probe", "next_step"]


@dataclass(frozen=True, slots=True)
class Rules:
    """The limits of a search."""

    most_probes: int = 8
    most_seconds: float = 600.0
    """For all probes together."""
    probe_s: float = 55.0
    """The measured part of one probe, seconds."""
    overhead_s: float = 15.0
    """Seconds of a probe beside its measured part: start, warm-up, drain."""
    narrow: float = NARROW
    """The search ends when high − low is at most this share of their middle."""
    confirm: int = 2
    """The number of probes that must support each end."""


@dataclass(frozen=True, slots=True)
class Next:
    """The next probe."""

    kind: ProbeKind
    rate: float
    """Turns a second."""
    seconds: float
    """The measured part."""
    seed: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The search is over; `reports.capacity.sustainable` tells its answer."""

    conclusive: bool
    why: str
    """Why there is no answer, or why the search ended before it was narrow; else empty."""


_BELOW, _ABOVE = 0.98, 1.025
"""Where the two first probes are, as multiples of the expected limit."""
_LEAP = 1.3
"""The next rate where nothing failed at the expected limit."""
_FALL = 0.9
"""The next rate where nothing passed, and no measurement tells more."""
_NEAR = 1.01
"""A rate nearer than this to an end of the interval would not narrow it."""


def next_probe(
    knee: float, probes: Sequence[Probe], seed: int, rules: Rules | None = None
) -> Next | Finished:
    """The next probe of a search, or its end.

    `knee` is the predicted one, turns a second; `probes` are those of this search so far.  Raises
    ValueError when `knee` is not above 0.
    """
    if knee <= 0:
        raise ValueError(f"knee must be above 0, got {knee}")
    rules = rules or Rules()
    tried = [probe for probe in probes if probe.kind is ProbeKind.SEARCH]
    if _unknown_twice(tried):
        return Finished(False, f"two probes in a row do not tell: {tried[-1].reasons[0]}")
    found = bounds(tried)
    if _is_done(found, rules):
        return Finished(True, "")
    spent = sum(probe.seconds + rules.overhead_s for probe in tried)
    over = len(tried) >= rules.most_probes
    if over or spent + rules.probe_s + rules.overhead_s > rules.most_seconds:
        return _out_of_budget(found, rules)
    if tried and tried[-1].answer is Answer.UNKNOWN:
        rate = tried[-1].rate
    else:
        rate = _rate(WORK_LIMIT * knee, tried, found, rules)
    return Next(ProbeKind.SEARCH, rate, rules.probe_s, seed + len(tried) + 1)


def _unknown_twice(tried: Sequence[Probe]) -> bool:
    return len(tried) >= 2 and all(probe.answer is Answer.UNKNOWN for probe in tried[-2:])


def _is_done(found: Bounds, rules: Rules) -> bool:
    if found.width is None or found.width > rules.narrow:
        return False
    return min(found.low_support, found.high_support) >= rules.confirm


def _out_of_budget(found: Bounds, rules: Rules) -> Finished:
    if found.low is None:
        return Finished(False, "no probe passed within the budget of the search")
    if found.width is None or found.width > rules.narrow:
        return Finished(True, "the budget of the search ended before the interval was narrow")
    return Finished(True, "the budget of the search ended before both ends were confirmed")


def _rate(predicted: float, tried: Sequence[Probe], found: Bounds, rules: Rules) -> float:
    """The next rate, turns a second."""
    expected = expected_limit(tried) or predicted
    low, high = found.low, found.high
    if high is None:
        if low is None:
            return expected * _BELOW
        # Where more than expected passed, the expectation was wrong.
        return max(expected * _ABOVE, low * (_LEAP if low >= expected else 1.0))
    if low is None:
        # Where less than expected failed, nothing tells by how much the expectation was wrong.
        return expected * _BELOW if expected * _BELOW < high else high * _FALL
    if found.width is not None and found.width <= rules.narrow:
        return low if found.low_support < rules.confirm else high
    for rate in (expected * _BELOW, expected * _ABOVE):
        if low * _NEAR < rate < high / _NEAR:
            return rate
    return (low + high) / 2


def next_step(
    start: float,
    ceiling: float,
    probes: Sequence[Probe],
    seed: int,
    rules: Rules | None = None,
    *,
    factor: float = 1.25,
) -> Next | Finished:
    """The next step upward at a target, or the end.

    Steps rise from `start` to `ceiling` turns a second, each by `factor`, and stop at the first
    sign: a step that failed or does not tell.  After it the last rate that passed (or half of the
    first one) is played once more, which shows the recovery.  Raises ValueError for rates that are
    not above 0, for a ceiling below the start, and for a factor of 1 or less.
    """
    if not 0 < start <= ceiling:
        raise ValueError(f"start must be above 0 and at most the ceiling {ceiling}, got {start}")
    if factor <= 1:
        raise ValueError(f"factor must be above 1, got {factor}")
    rules = rules or Rules()
    tried = [probe for probe in probes if probe.kind is ProbeKind.STEP]
    signs = [n for n, probe in enumerate(tried) if probe.answer is not Answer.PASS]
    number = seed + len(tried) + 1
    if signs:
        first = signs[0]
        if len(tried) > first + 1:
            return _recovered(tried[first], tried[-1])
        rate = tried[first - 1].rate if first else start / 2
        return Next(ProbeKind.STEP, rate, rules.probe_s, number)
    if tried and tried[-1].rate >= ceiling * 0.999:
        return Finished(True, f"every step up to the ceiling of {ceiling:g} turns/s passed")
    rate = min(ceiling, tried[-1].rate * factor) if tried else start
    return Next(ProbeKind.STEP, rate, rules.probe_s, number)


def _recovered(sign: Probe, after: Probe) -> Finished:
    words = sign.reasons[0] if sign.reasons else "a step did not pass"
    if after.answer is Answer.PASS:
        return Finished(True, f"stopped at {sign.rate:g} turns/s: {words}; it recovered after it")
    return Finished(
        False, f"stopped at {sign.rate:g} turns/s: {words}; it did not recover after it"
    )
