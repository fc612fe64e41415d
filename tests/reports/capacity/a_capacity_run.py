"""Findings of a capacity run written by hand, with numbers that are easy to calculate with.

One replica carries 30 turns a second (31 failed), a turn takes 30 ms of CPU, of which 24 ms without
history; a shard carries 2,000 turns a second; a session takes 4,000 bytes.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from reports.capacity.findings import (
    Answer,
    CapacityFindings,
    Demand,
    Probe,
    ProbeKind,
    RedisPoint,
    RedisSize,
    Sustainable,
)
from reports.capacity.target import Moment, Opening, Target, Today
from reports.figures.figure import Figure, Label


def measured(
    value: float, unit: str, low: float | None = None, high: float | None = None
) -> Figure:
    """A measured figure."""
    return Figure(value=value, unit=unit, label=Label.MEASURED, low=low, high=high)


def fitted(value: float, unit: str, low: float | None = None, high: float | None = None) -> Figure:
    """A fitted figure."""
    return Figure(value=value, unit=unit, label=Label.FITTED, low=low, high=high)


def assumed(value: float, unit: str, low: float | None = None, high: float | None = None) -> Figure:
    """An assumed figure."""
    return Figure(value=value, unit=unit, label=Label.ASSUMED, low=low, high=high)


def demand(**changes: Any) -> Demand:
    """A turn costs 30 ms of CPU."""
    values: dict[str, Any] = {
        "turns": 1200,
        "turns_per_conversation": 2.5,
        "replica_cpu_s": measured(0.030, "s", 0.0294, 0.0306),
        "replica_cpu_base_s": fitted(0.024, "s"),
        "replica_cpu_per_earlier_turn_s": fitted(0.004, "s"),
        "by_kind_cpu_s": {"tool": measured(0.036, "s"), "text": measured(0.022, "s")},
        "others_cpu_s": measured(0.012, "s"),
        "redis_s": measured(0.00035, "s"),
        "redis_bytes": measured(1100, "bytes"),
        "redis_session_bytes": measured(1200, "bytes"),
        "model_calls": measured(2, "calls"),
        "model_s": measured(0.12, "s"),
        "latency_s": measured(0.16, "s"),
        "in_flight_limit": 64,
    }
    return Demand(**(values | changes))


def probe(name: str, rate: float, answer: Answer = Answer.PASS, **changes: Any) -> Probe:
    """One probe of the search."""
    values: dict[str, Any] = {
        "name": name,
        "kind": ProbeKind.SEARCH,
        "rate": rate,
        "seconds": 60,
        "seed": 41,
        "answer": answer,
        "goodput": rate,
        "cpu_share": rate * 0.03,
        "others_share": 0.41,
    }
    return Probe(**(values | changes))


def probes() -> tuple[Probe, ...]:
    """Demand at 10 turns/s, three probes that pass, two that fail.

    The mean latency is that of a queue that serves a turn in 0.1 s and at most 40 turns a second.
    """

    def mean(rate: float) -> float:
        return 0.1 / (1 - rate / 40)

    reasons = ("the backlog grows by 0.9 turns a second",)
    return (
        probe("demand", 10, kind=ProbeKind.DEMAND, mean_s=mean(10), p99_s=0.3, seconds=120),
        probe("probe-01", 28, mean_s=mean(28), p99_s=0.7),
        probe("probe-02", 34, Answer.FAIL, mean_s=mean(34), p99_s=4.1, reasons=reasons),
        probe("probe-03", 30, mean_s=mean(30), p99_s=1.1),
        probe("probe-04", 31, Answer.FAIL, mean_s=mean(31), p99_s=2.3, reasons=reasons),
        probe("probe-05", 20, mean_s=mean(20), p99_s=0.45),
    )


def sustainable(**changes: Any) -> Sustainable:
    """30 passed, 31 failed; the demand predicts 1 / 30 ms = 33.3."""
    values: dict[str, Any] = {
        "rate": measured(30.5, "turns/s", 30, 31),
        "conversations": measured(12.2, "conversations/s", 12, 12.4),
        "limited_by": "replica CPU",
        "predicted": fitted(33.3, "turns/s", 32.7, 34.0),
        "after_kill": probe("kill", 30, kind=ProbeKind.KILL, recovered_s=6.5),
        "after_overload": probe("overload", 30, kind=ProbeKind.OVERLOAD, recovered_s=4),
        "run_cv": 0.018,
    }
    return Sustainable(**(values | changes))


def redis_size(**changes: Any) -> RedisSize:
    """4,000 bytes a session, measured up to 300,000 sessions."""
    values: dict[str, Any] = {
        "server": "Redis 7.0.15",
        "points": tuple(
            RedisPoint(
                sessions=sessions,
                turns_per_session=2.5,
                live_bytes=sessions * 4000.0,
                expired_bytes=sessions * 400.0,
                rss_bytes=sessions * 4800.0,
                fragmentation=1.1,
                rewrite_extra_bytes=sessions * 1200.0,
                fork_s=sessions / 3e7,
                rewrite_s=sessions / 1e5,
                longest_pause_s=0.02,
                restart_s=sessions / 1e5,
                turn_script_s=0.00035,
            )
            for sessions in (10_000, 100_000, 300_000)
        ),
        "bytes_per_session": fitted(4000, "bytes", 3900, 4100),
        "empty_bytes": measured(1e6, "bytes"),
        "fragmentation": fitted(1.1, "ratio"),
        "rewrite_extra_share": fitted(0.3, "share"),
        "expired_share": fitted(0.1, "share"),
        "fork_s_per_gib": fitted(0.01, "s"),
        "restart_s_per_gib": fitted(3.0, "s"),
        "turn_script_s": fitted(0.00035, "s"),
        "shard_turns_per_s": fitted(2000, "turns/s", 1900, 2100),
        "turn_always_s": fitted(0.002, "s"),
    }
    return RedisSize(**(values | changes))


def findings(**changes: Any) -> CapacityFindings:
    """A whole capacity run, of the reference service on one core."""
    values: dict[str, Any] = {
        "profile": "diwali",
        "sessions": "redis",
        "seed": 41,
        "slo": {"steady_p99_s": 2.0, "error_rate": 0.001},
        "environment": {"model": "scripted", "cores": 2},
        "pinned": {"replica": [1], "others": [0]},
        "demand": demand(),
        "probes": probes(),
        "sustainable": sustainable(),
        "redis_size": redis_size(),
        "replica_start_s": measured(4.0, "s", 3.6, 4.4),
        "seconds": 520,
    }
    return CapacityFindings(**(values | changes))


def target(turns: float = 300, **changes: Any) -> Target:
    """A rate: 300 turns a second, 120 conversations, 900,000 live sessions of a 2-hour TTL."""
    values: dict[str, Any] = {
        "name": f"{turns:g} turns/s",
        "turns_per_s": assumed(turns, "turns/s"),
        "turns_per_conversation": 2.5,
        "live_sessions": assumed(turns * 3000, "sessions"),
        "ttl_s": 7200,
    }
    return Target(**(values | changes))


def night(**changes: Any) -> Target:
    """A night: 30 turns a second for an hour, 300 within 10 s, two hours of it, then 90."""
    hours = [place / 60 for place in range(5 * 60 + 1)]
    values: dict[str, Any] = {
        "name": "diwali, 1,000,000 conversations",
        "turns_per_s": assumed(310, "turns/s", 290, 310),
        "conversations": assumed(1e6, "conversations"),
        "hours": 5.0,
        "night": tuple(
            Moment(
                hour=hour,
                turns_per_s=30 if hour < 1 else 300 if hour < 3 else 90,
                live_sessions=300_000,
            )
            for hour in hours
        ),
        "opening": Opening(at_hour=1.0, before_turns_per_s=30, top_turns_per_s=300, seconds=10),
    }
    return target(300, **(values | changes))


TODAY = Today(replicas=12)


def nothing() -> CapacityFindings:
    """A run that ended before it had measured anything."""
    return replace(
        findings(), demand=None, probes=(), sustainable=None, redis_size=None, replica_start_s=None
    )
