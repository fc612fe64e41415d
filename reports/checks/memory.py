"""Memory: is Redis bounded by the TTL, and does it come back?"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import compress
from math import isnan

from reports.checks.database import check_database
from reports.checks.leftovers import LAG_S, MIB, check_leftovers
from reports.checks.of_others import of_others
from reports.checks.replica_memory import check_replica_memory
from reports.checks.ttl_kept import check_ttl_kept
from reports.measures.percentiles import ascending, median, percentile
from reports.measures.redis_memory import Memory, measure
from reports.records import Finding, Status
from reports.records.columns import FAIL, OUTCOME
from reports.records.history import History

_FLOOR_BYTES = 2 * MIB
"""Bytes allowed for grown hash tables and for the allocator."""
_FEWEST_TURNS = 20
"""With fewer turns in the first TTL, bytes per turn cannot be measured."""


def check_memory(history: History) -> list[Finding]:
    """Gate leftovers after the TTL, the bound, keys without a TTL, evictions, and replicas."""
    memory = history.once(measure)
    of_redis = [
        *check_leftovers(history, memory),
        _bounded(history, memory),
        _without_ttl(memory),
        _evicted(memory),
    ]
    return [
        *(of_others(history, finding) for finding in of_redis),
        *check_database(history),
        *check_ttl_kept(history),
        *check_replica_memory(history),
    ]


def _without_ttl(memory: Memory) -> Finding:
    """Keys without a TTL from before the load belong to others and do not count."""
    most, before = memory.keys_without_ttl_max, memory.baseline_without_ttl or 0.0
    found = None if most is None else max(0.0, most - before)
    finding = _none_of("memory.ttl", found, "keys had no TTL at one time")
    if memory.baseline_bytes is None:
        return _not_before(finding)
    if not before:
        return finding
    return replace(finding, summary=f"{finding.summary}, besides {before:.0f} before the load")


def _evicted(memory: Memory) -> Finding:
    """Evictions from before the load are of others' keys and do not count."""
    finding = _none_of("memory.evicted", memory.evicted_keys, "keys were evicted")
    return _not_before(finding) if memory.baseline_bytes is None else finding


def _not_before(finding: Finding) -> Finding:
    """Without a sample from before the load, a failure may have been there already."""
    if finding.status is not Status.FAIL:
        return finding
    doubt = f"{finding.summary}; no sample of Redis before the load shows that it is the run's"
    return replace(finding, status=Status.UNKNOWN, summary=doubt)


def _none_of(name: str, value: float | None, what: str) -> Finding:
    if value is None:
        summary = f"How many {what} is not known: Redis was not sampled"
        return Finding(name, "run", Status.UNKNOWN, None, 0, "keys", summary)
    status = Status.PASS if value == 0 else Status.FAIL
    return Finding(name, "run", status, value, 0, "keys", f"{value:.0f} {what}, limit 0")


def _bounded(history: History, memory: Memory) -> Finding:
    """Memory must follow the turns of the last TTL window, at any load.

    With b bytes per turn, measured before any key can have expired (the first TTL of the load),
    at any later time t:  live(t) - baseline <= slack * b * turns in (t - window, t] + floor, where
    running turns at t count too, since they may be stored already.  The window is the TTL plus the
    duration of a conversation (its first turns live until its last one has expired) plus the lag
    of the expiry.
    """
    name = "memory.bounded"
    slack = history.run.slo("memory_slack")
    start, baseline = history.load_start, memory.baseline_bytes
    taken = history.turns.which(lambda state: state & OUTCOME != FAIL)
    done = ascending(compress(history.turns.done, taken))
    sent = ascending(compress(history.turns.sent, taken))
    if start is None or baseline is None:
        return _unknown(name, "no sample of Redis before the load")
    first_end = start + history.run.ttl_seconds
    early = _bytes_per_turn(memory, baseline, start, first_end, done)
    later = [(t, size) for t, size in memory.live if t > first_end]
    if not later:
        return _unknown(name, "no sample of Redis later than the first TTL of the load")
    if early is None:
        return _hardly_grew(name, max(size for _, size in memory.live), baseline)
    window = history.run.ttl_seconds + _long_conversation(history) + LAG_S
    points = []
    for t, size in later:
        turns = bisect_right(sent, t) - bisect_right(done, t - window)
        bound = baseline + slack * early * turns + _FLOOR_BYTES
        points.append((size / bound, t, size, bound, turns))
    ratio, t, size, bound, turns = max(points)
    over = [point for point in points if point[0] > 1]
    return Finding(
        check=name,
        phase="run",
        status=Status.FAIL if over else Status.PASS,
        value=ratio,
        limit=1.0,
        unit="of the bound",
        summary=f"Redis came closest to the bound set by its TTL at {t:.0f} s: {size / MIB:.2f} "
        f"of {bound / MIB:.2f} MiB ({turns} turns in the window, {early:.0f} bytes each, "
        f"slack {slack:g})",
        evidence=tuple(
            f"at {t:.1f} s: {size / MIB:.2f} MiB live, {turns} turns in the last {window:.1f} s "
            f"allow {bound / MIB:.2f} MiB"
            for _, t, size, bound, turns in over[:20]
        ),
    )


def _unknown(name: str, why: str) -> Finding:
    summary = f"Whether memory is bounded by the TTL is not known: {why}"
    return Finding(name, "run", Status.UNKNOWN, None, 1.0, "of the bound", summary)


def _hardly_grew(name: str, peak: float, baseline: float) -> Finding:
    """With too few turns to measure bytes per turn, pass if memory never grew beyond the floor."""
    bound = baseline + _FLOOR_BYTES
    if peak > bound:
        return _unknown(name, f"fewer than {_FEWEST_TURNS} turns in the first TTL of the load")
    summary = f"Redis never took more than {peak / MIB:.2f} MiB, {bound / MIB:.2f} allowed"
    return Finding(name, "run", Status.PASS, peak / bound, 1.0, "of the bound", summary)


def _bytes_per_turn(
    memory: Memory, baseline: float, start: float, end: float, done: Sequence[float]
) -> float | None:
    """Bytes per turn in the last quarter of [start, end], the median; None: too few turns."""
    rates = [
        (size - baseline) / turns
        for t, size in memory.live
        if end - (end - start) / 4 <= t <= end
        and (turns := bisect_right(done, t) - bisect_left(done, start)) >= _FEWEST_TURNS
    ]
    return max(0.0, median(rates)) if rates else None


def _long_conversation(history: History) -> float:
    talks = history.conversations
    lengths = (ended - at for ended, at in zip(talks.ended, talks.started, strict=True))
    spans = ascending(length for length in lengths if not isnan(length))
    return percentile(spans, 99) if spans else 0.0
