"""What the samples say about memory: Redis over time, and the fleet's.

Live bytes are `used_memory` without the clients' buffers and the AOF's: those come and go with the
traffic, not with the sessions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

from reports.history import History
from reports.percentiles import median
from reports.records import Sample

REDIS = "redis"
REPLICA = "replica:"
_BASELINE_SAMPLES = 5
_FINAL_SAMPLES = 3


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes and keys; None: not measured."""

    live: tuple[tuple[float, float], ...]
    """(run time, live bytes) of every sample of Redis."""
    baseline_bytes: float | None
    """Before the load."""
    peak_bytes: float | None
    final_bytes: float | None
    """After the load's end and one TTL."""
    peak_keys: float | None
    final_keys: float | None
    expired_keys: float | None
    """During the run, counted over restarts of Redis."""
    evicted_keys: float | None
    keys_without_ttl_max: float | None
    bytes_per_live_conversation: float | None
    """At the peak, over what was there before the load."""


def measure(history: History) -> Memory:
    """Read the samples of Redis."""
    samples = redis_samples(history)
    live = tuple((sample.t, live_bytes(sample)) for sample in samples)
    start, end = history.load_start, history.load_end
    before = [b for t, b in live if start is not None and t <= start][-_BASELINE_SAMPLES:]
    drained = None if end is None else end + history.run.ttl_seconds
    after = [s for s in samples if drained is not None and s.t >= drained][-_FINAL_SAMPLES:]
    baseline = median(before) if before else None
    peak = max(live, key=lambda point: point[1], default=None)
    return Memory(
        live=live,
        baseline_bytes=baseline,
        peak_bytes=None if peak is None else peak[1],
        final_bytes=min(live_bytes(sample) for sample in after) if after else None,
        peak_keys=_greatest(samples, "keys"),
        final_keys=after[-1].values.get("keys") if after else None,
        expired_keys=_counted(samples, "expired_keys"),
        evicted_keys=_counted(samples, "evicted_keys"),
        keys_without_ttl_max=_greatest(samples, "persistent_keys"),
        bytes_per_live_conversation=_per_conversation(history, baseline, peak),
    )


def redis_samples(history: History) -> list[Sample]:
    """The samples of Redis that tell its memory."""
    samples = history.samples_by_source.get(REDIS, [])
    return [sample for sample in samples if "used_memory" in sample.values]


def live_bytes(sample: Sample) -> float:
    """What the sessions (and the server itself) take, by a sample of Redis."""
    values = sample.values
    buffers = values.get("mem_clients_normal", 0.0) + values.get("mem_aof_buffer", 0.0)
    return values["used_memory"] - buffers


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
    """How far a counter rose, over restarts of the server, each of which begins again at 0."""
    readings = [(s.values.get("run"), s.values[name]) for s in samples if name in s.values]
    if not readings:
        return None
    process, previous = readings[0]
    total = 0.0
    for run, value in readings[1:]:
        restarted = run != process or value < previous
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
