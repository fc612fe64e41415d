"""The use of a run's model: requests and tokens in a sliding window."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from reports.measures.model_quota.presets import Counts, Quota
from reports.records.model_calls import ModelCalls


@dataclass(slots=True)
class Usage:
    """The calls of the load, in order of their time."""

    t: array[float] = field(default_factory=lambda: array("d"))
    """Run time, seconds."""
    prompt: array[int] = field(default_factory=lambda: array("Q"))
    """Tokens of each request."""
    both: array[int] = field(default_factory=lambda: array("Q"))
    """Tokens of each request and its answer."""
    refused: list[float] = field(default_factory=list)
    """The times of the calls that a quota refused."""
    refused_for: Counter[str] = field(default_factory=Counter)
    """`requests` or `tokens` -> the number of calls refused for it."""
    dialects: frozenset[str] = frozenset()
    """The APIs that were called."""

    def answered(self) -> Usage:
        """The calls that no quota refused."""
        kept = Usage(dialects=self.dialects)
        gone = Counter(self.refused)
        for t, prompt, both in zip(self.t, self.prompt, self.both, strict=True):
            if gone[t]:
                gone[t] -= 1
                continue
            kept.t.append(t)
            kept.prompt.append(prompt)
            kept.both.append(both)
        return kept

    def tokens(self, counts: Counts) -> Sequence[int]:
        """The tokens of each call that such a quota counts."""
        return self.prompt if counts == "input" else self.both


def usage(calls: ModelCalls, since: float) -> Usage:
    """The calls from `since` (run time) on: those before are the rehearsal's."""
    used = Usage(dialects=frozenset(calls.dialects))
    # The log is in the order in which the calls ended.
    for number in sorted(range(len(calls)), key=calls.t.__getitem__):
        if calls.t[number] < since:
            continue
        used.t.append(calls.t[number])
        used.prompt.append(calls.prompt_tokens[number])
        used.both.append(calls.prompt_tokens[number] + calls.output_tokens[number])
        if (reason := calls.refusals.get(number)) is not None:
            used.refused.append(calls.t[number])
            used.refused_for[reason] += 1
    return used


@dataclass(frozen=True, slots=True)
class Peak:
    """The busiest window."""

    amount: float
    until: float
    """Run time of its last call."""


def busiest(times: Sequence[float], amounts: Sequence[int] | None, window_s: float) -> Peak:
    """The window with the most; `amounts` None: the number of calls.  Times must not be empty."""
    best = Peak(0, times[0])
    for t, total in _windows(times, amounts, window_s):
        if total > best.amount:
            best = Peak(total, t)
    return best


def first_over(
    times: Sequence[float], amounts: Sequence[int] | None, window_s: float, allowed: float
) -> float | None:
    """Run time of the first call by which a window holds more than allowed; None: none does."""
    windows = _windows(times, amounts, window_s)
    return next((t for t, total in windows if total > allowed), None)


def _windows(
    times: Sequence[float], amounts: Sequence[int] | None, window_s: float
) -> Iterator[tuple[float, int]]:
    """The time of each call, and the sum of the window that ends with it."""
    total, first = 0, 0
    for place, t in enumerate(times):
        total += 1 if amounts is None else amounts[place]
        while times[first] <= t - window_s:
            total -= 1 if amounts is None else amounts[first]
            first += 1
        yield t, total


def exceeded_at(used: Usage, quota: Quota, window_s: float, share: float) -> float | None:
    """Run time at which the calls exceed `share` of a quota a minute; None: they never do."""
    moments = [first_over(used.t, None, window_s, max(1.0, quota.requests * share))]
    if quota.tokens is not None:
        counted = used.tokens(quota.counts)
        moments.append(first_over(used.t, counted, window_s, quota.tokens * share))
    return min((moment for moment in moments if moment is not None), default=None)
