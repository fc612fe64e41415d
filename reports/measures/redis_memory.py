"""Memory of Redis over time, and of the fleet, from the samples.

Live bytes are `used_memory` without the buffers of clients, of replication and of the AOF, which
depend on the traffic, not on the sessions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

from reports.measures.percentiles import median
from reports.records import Sample
from reports.records.history import History

REDIS = "redis"
REPLICA = "replica:"
_BASELINE_SAMPLES = 5
_SETUP_S = 3.0
_BUFFERS = (
    "mem_clients_normal",
    "mem_clients_slaves",
    "mem_replication_backlog",
    "mem_aof_buffer",
)


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes and keys; None: not measured."""

    live: tuple[tuple[float, float], ...]
    """(run time, live bytes) of every sample of Redis."""
    baseline_bytes: float | None
    """Before the load."""
    setup_bytes: float | None
    """Before the load, plus the permanent memory of the first connections and scripts; None: the
    sessions' part of the first seconds is unknown."""
    peak_bytes: float | None
    final_bytes: float | None
    """The least after the load's end and one TTL."""
    baseline_keys: float | None
    peak_keys: float | None
    final_keys: float | None
    """The fewest after the load's end and one TTL."""
    drained_until: float | None
    """Duration of the samples of Redis after the load's end and one TTL, seconds."""
    expired_keys: float | None
    """During the run, counted over restarts of Redis."""
    evicted_keys: float | None
    """During the load and after it."""
    keys_without_ttl_max: float | None
    baseline_without_ttl: float | None
    """Keys without a TTL that were there before the load."""
    servers: float
    """The number of servers that the samples sum up."""
    bytes_per_live_conversation: float | None
    """Bytes per session at the peak, above those before the load."""


def measure(history: History) -> Memory:
    """Read the samples of Redis."""
    samples = redis_samples(history)
    live = tuple((sample.t, live_bytes(sample)) for sample in samples)
    start, end = history.load_start, history.load_end
    before = [s for s in samples if start is not None and s.t <= start][-_BASELINE_SAMPLES:]
    drained = None if end is None else end + history.run.ttl_seconds
    after = [s for s in samples if drained is not None and s.t >= drained]
    baseline = median([live_bytes(sample) for sample in before]) if before else None
    peak = max(live, key=lambda point: point[1], default=None)
    return Memory(
        live=live,
        baseline_bytes=baseline,
        setup_bytes=_setup(history, samples, baseline, _greatest(before, "keys")),
        peak_bytes=None if peak is None else peak[1],
        final_bytes=min(map(live_bytes, after)) if after else None,
        baseline_keys=_greatest(before, "keys"),
        peak_keys=_greatest(samples, "keys"),
        final_keys=min((s.values["keys"] for s in after if "keys" in s.values), default=None),
        drained_until=None if drained is None or not after else after[-1].t - drained,
        expired_keys=_counted(samples, "expired_keys"),
        evicted_keys=_counted([*before[-1:], *samples[len(before) :]], "evicted_keys")
        if before
        else _counted(samples, "evicted_keys"),
        keys_without_ttl_max=_greatest(samples, "persistent_keys"),
        baseline_without_ttl=_greatest(before, "persistent_keys"),
        servers=_greatest(samples, "servers") or 1.0,
        bytes_per_live_conversation=_per_conversation(history, baseline, peak),
    )


def _setup(
    history: History, samples: Sequence[Sample], baseline: float | None, keys: float | None
) -> float | None:
    """The bytes in the first seconds of the load without those of the sessions.

    Connections, scripts and hash tables take a few hundred kilobytes once.  The bytes per key are
    the bytes freed between the peak, where sessions are older, and the end.
    """
    start = history.load_start
    if start is None or baseline is None or keys is None:
        return None
    counted = [s for s in samples if s.t > start and s.values.get("keys", 0.0) > keys]
    if not counted:
        return None
    until = counted[0].t + max(_SETUP_S, history.run.ttl_seconds / 4)
    first = [s for s in counted if s.t <= until]
    peak = max(counted, key=live_bytes)
    back = live_bytes(peak) - min(live_bytes(s) for s in samples if s.t >= peak.t)
    each = back / (peak.values["keys"] - keys)
    early = max(live_bytes(s) - each * (s.values["keys"] - keys) for s in first)
    return max(baseline, early)


def redis_samples(history: History) -> list[Sample]:
    """The samples of Redis with its memory."""
    samples = history.samples_by_source.get(REDIS, [])
    return [sample for sample in samples if "used_memory" in sample.values]


def live_bytes(sample: Sample) -> float:
    """The bytes of the sessions and of the server itself, from a sample of Redis."""
    values = sample.values
    return values["used_memory"] - sum(values.get(name, 0.0) for name in _BUFFERS)


def fleet_rss(history: History, step_s: float = 1.0) -> list[tuple[float, float]]:
    """(run time, resident bytes of all replicas together), one entry a step that has samples.

    A replica counts with its last sample in the step; one without any is down.
    """
    last: dict[int, dict[str, float]] = {}
    for source, samples in history.samples_by_source.items():
        if source.startswith(REPLICA):
            for sample in samples:
                if "rss" in sample.values:
                    last.setdefault(int(sample.t // step_s), {})[source] = sample.values["rss"]
    return [(step * step_s, sum(replicas.values())) for step, replicas in sorted(last.items())]


def _greatest(samples: Sequence[Sample], name: str) -> float | None:
    return max((s.values[name] for s in samples if name in s.values), default=None)


def _counted(samples: Sequence[Sample], name: str) -> float | None:
    """The total rise of a counter; each restart of the server resets it to 0."""
    readings = [(s.values.get("run"), s.values[name]) for s in samples if name in s.values]
    if not readings:
        return None
    process, previous = readings[0]
    total = 0.0
    for run, value in readings[1:]:
        # An equal value after a restart means the same evictions, not as many new ones.
        restarted = (run != process and value != previous) or value < previous
        total += value if restarted else value - previous
        process, previous = run, value
    return total


def _per_conversation(
    history: History, baseline: float | None, peak: tuple[float, float] | None
) -> float | None:
    if baseline is None or peak is None:
        return None
    ttl = history.run.ttl_seconds
    talks, opened, closed = history.conversations, 0, 0
    for start, end in zip(talks.opened, talks.ended, strict=True):
        if isnan(start):
            continue
        opened += start <= peak[0]
        closed += (start if isnan(end) else end) + ttl <= peak[0]
    return (peak[1] - baseline) / (opened - closed) if opened > closed else None
