"""Detects other writers to the same Redis, whose keys are not the service's."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from reports.measures.beside import beside_a_fault
from reports.measures.redis_memory import redis_samples
from reports.records import Sample
from reports.records.history import History

_AFTER_S = 2.0
"""Seconds after the end of the last conversation; later the service writes nothing."""
_BURST_S = 1.0
"""Seconds after a turn within which its keys may still be written."""
_BURST_KEYS, _BURST_TIMES = 50, 5
"""A burst has more keys than this, and this many times those that turns usually add."""
_FEWEST_RATES = 10
"""Samples that show how many keys a turn adds."""
_MORE = 2
"""Keys to ignore, since a probe of the harness may leave one."""


def others_write(history: History) -> str | None:
    """The evidence of other writers, in words; None: none."""
    samples, start, end = redis_samples(history), history.load_start, history.load_end
    if start is None or end is None:
        return None
    before = [sample for sample in samples if sample.t <= start]
    after = [sample for sample in samples if sample.t >= end + _AFTER_S]
    for name, what in (("keys", "keys"), ("persistent_keys", "keys without a TTL")):
        counts = [sample.values[name] for sample in before if name in sample.values]
        if counts and min(counts) != max(counts):
            return f"{min(counts):.0f} to {max(counts):.0f} {what} before the load began"
        if (added := _rises(after, name)) > _MORE:
            return f"{added:.0f} {what} were added after the load had ended"
    if len(before) > 1 and _rises(before, "evicted_keys"):
        return f"{_rises(before, 'evicted_keys'):.0f} keys were evicted before the load began"
    return None


def others_write_elsewhere(history: History) -> str | None:
    """The evidence of writers to other databases of the same server, in words; None: none.

    They share its memory, but no key.
    """
    samples = [sample for sample in redis_samples(history) if "keys" in sample.values]
    counts = [sample.values.get("other_keys", 0.0) for sample in samples]
    added = sum(max(0.0, now - was) for was, now in pairwise(counts))
    return f"{added:.0f} keys were added to its other databases" if added > _MORE else None


@dataclass(frozen=True, slots=True)
class Bursts:
    """Keys that are added at once, far more than the turns of that moment add at other times."""

    keys: float
    """All of them."""
    in_words: str
    """The first burst."""


def bursts(history: History) -> Bursts | None:
    """The bursts away from faults, which are of other writers; None: there are none."""
    samples, start, end = redis_samples(history), history.load_start, history.load_end
    if start is None or end is None:
        return None
    sent, done = sorted(history.turns.sent), sorted(history.turns.done)
    added = []
    for was, now in pairwise(samples):
        same = was.values.get("run") == now.values.get("run")
        if was.t < start or now.t > end or not same or beside_a_fault(history, was.t, now.t):
            continue
        turns = bisect_right(sent, now.t) - bisect_left(done, was.t - _BURST_S)
        added.append((_added(was, now), turns, now.t))
    rates = sorted(keys / turns for keys, turns, _ in added if turns > 0)
    if len(rates) < _FEWEST_RATES:
        return None
    usual = max(1.0, rates[len(rates) * 9 // 10])
    found = [
        (keys, turns, t)
        for keys, turns, t in added
        if keys > max(_BURST_KEYS, _BURST_TIMES * usual * max(1, turns))
    ]
    if not found:
        return None
    keys, turns, t = found[0]
    words = f"{keys:.0f} keys were added at once at {t:.0f} s, beside {turns} turns"
    return Bursts(sum(keys for keys, _, _ in found), words)


def _added(was: Sample, now: Sample) -> float:
    """The keys added between two samples, also those that took the place of expired ones."""
    counters = ("keys", "expired_keys", "evicted_keys")
    return sum(now.values.get(name, 0.0) - was.values.get(name, 0.0) for name in counters)


def _rises(samples: Sequence[Sample], name: str) -> float:
    """The sum of all rises of a value between two samples."""
    values = [sample.values[name] for sample in samples if name in sample.values]
    return sum(max(0.0, now - was) for was, now in pairwise(values))
