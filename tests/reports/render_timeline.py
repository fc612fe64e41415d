"""The timeline of the stored results: a load with four faults, second by second."""

from __future__ import annotations

import math
import random
from typing import Any

MIB = 1024 * 1024
TTL = 30.0
LOAD_START, LOAD_END, RUN_END = 6, 111, 151

FAULTS = [
    # id, class, target, start, end, recovered, first ok, recovery, disturbed, failed, outage
    ("kill-replica-1", "kill-replica", "r04", 26.0, 29.1, 28.8, 0.05, 0.41, 3, 0, 0.41),
    (
        "rolling-restart-1",
        "rolling-restart",
        "r06, r07, r08",
        41.0,
        56.4,
        56.2,
        0.04,
        1.2,
        5,
        0,
        0.6,
    ),
    ("restart-redis-1", "restart-redis", "redis", 68.0, 69.3, 69.2, 1.21, 1.74, 38, 0, 1.66),
    ("kill-redis-1", "kill-redis", "redis", 85.0, 86.6, 86.5, 1.48, 2.13, 51, 0, 2.02),
]


def timeline(rng: random.Random, expires: bool) -> dict[str, Any]:
    """The section `timeline`; without expiry, memory only grows."""
    times = list(range(RUN_END + 1))
    series: dict[str, list[float | None]] = {
        name: []
        for name in (
            "turns_ok", "turns_failed", "turns_info", "turns_retried", "p50", "p99",
            "redis_bytes", "redis_forecast_bytes", "redis_keys", "redis_expired", "fleet_rss_bytes",
            "host_cpu_percent", "open_conversations",
        )
    }  # fmt: skip
    written: list[float] = []
    for t in times:
        loaded = LOAD_START <= t <= LOAD_END
        into = t - LOAD_START
        rate = 0.0
        if loaded:
            peak = 62.0 if into > 15 else 18 + 14 * into / 15
            rate = max(22.0, peak * (max(into - 40, 1) ** -0.12 if into > 40 else 1.0))
        down = next((f for f in FAULTS if "redis" in f[2] and f[3] <= t <= f[4]), None)
        replica = next((f for f in FAULTS if "redis" not in f[2] and f[3] <= t <= f[4]), None)
        ok = round(max(0.0, rng.gauss(rate, math.sqrt(rate) if rate else 0)))
        info = 0
        if down and loaded:
            ok, info = round(ok * 0.2), rng.choice((2, 3))
        base = 0.085 + 0.09 * (rate / 62) ** 2
        p50 = base * rng.uniform(0.92, 1.1)
        p99 = base * rng.uniform(2.2, 3.4)
        if down:
            p50, p99 = 0.9, down[10]
        elif replica:
            p99 = max(p99, replica[10] * rng.uniform(0.7, 1.0))
        written.append(float(ok))
        window = sum(written[-int(TTL) - 8 :] if expires else written)
        series["turns_ok"].append(ok)
        series["turns_failed"].append(0)
        series["turns_info"].append(info)
        series["turns_retried"].append(info * 4 + (2 if replica and loaded else 0))
        series["p50"].append(round(p50, 4) if ok else None)
        series["p99"].append(round(p99, 4) if ok else None)
        # While Redis is down there is no sample of it.
        series["redis_bytes"].append(None if down else round(4.21 * MIB + window * 14_000))
        sliding = sum(written[-int(TTL) - 8 :])
        foreseen = round(0.97 * (4.21 * MIB + sliding * 14_000)) if t >= LOAD_START else None
        series["redis_forecast_bytes"].append(foreseen)
        series["redis_keys"].append(None if down else round(window * 0.31))
        series["redis_expired"].append(None if down else round(sum(written) * 0.25))
        series["fleet_rss_bytes"].append(
            round((1590 + 60 * min(1, max(into, 0) / 60) - (130 if replica else 0)) * MIB)
        )
        cpu = 4 + rng.uniform(0, 5) + (78 * (rate / 62) + rng.uniform(-8, 8) if loaded else 0)
        series["host_cpu_percent"].append(round(min(cpu, 100.0), 1))
        series["open_conversations"].append(round(rate * 2.1))
    phases = [
        {"name": "warmup", "start": LOAD_START, "end": 16.0},
        {"name": "steady", "start": 16.0, "end": LOAD_END},
    ]
    return {
        "step_s": 1.0,
        "t": [float(t) for t in times],
        "load_start": float(LOAD_START),
        "load_end": float(LOAD_END),
        "phases": phases,
        "faults": [{"id": f[0], "start": f[3], "end": f[4], "recovered_at": f[5]} for f in FAULTS],
        **series,
    }
