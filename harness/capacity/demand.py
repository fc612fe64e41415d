"""The demand of a turn: what it costs each part, measured at a load far below the limit.

The utilisation law (Denning and Buzen, 1978): a resource that is busy for D seconds a turn carries
at most 1 / D turns a second.  The demand therefore predicts the knee before it is searched.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from harness.capacity import load
from harness.capacity.statistics import Estimate, least_squares, ratio
from harness.capacity.usage import REDIS, REPLICA, Meter, idle_rate, meter, whole_run
from loadtests.arrivals import arrivals, conversation
from loadtests.arrivals.redis_sizes import of_server
from loadtests.profiles.journeys import Book
from loadtests.profiles.profile import Profile
from reports.capacity.figure import Figure, Label, unknown
from reports.capacity.findings import Demand
from reports.measures.cpu import work
from reports.measures.intervals import percentile_interval
from reports.measures.percentiles import percentile
from reports.records import Outcome, TurnRecord
from reports.records.history import History

KINDS = ("open", "stream", "tool", "text")
"""The kinds of turns; a turn is of the first one that fits it."""
_BATCHES = 8
_SERVICE = "service:r01"
_NOT_SAMPLED = "its processor time was not sampled"


def demand(history: History) -> Demand | None:
    """The demand by the records of a run; None without any turn in its measured phase."""
    start = history.load_start
    if start is None:
        return None
    profile, book = load.played(history.run)
    begin, end = (start + moment for moment in load.measured(profile))
    turns = [turn for turn in history.turns if begin <= turn.due < end]
    answered = [turn for turn in turns if turn.outcome is Outcome.OK]
    if not answered:
        return None
    steps = _Steps(history, begin, end)
    streams = _streaming(profile, history.run.seed or 0, book)
    kinds, by_history = _fits(history, steps, streams)
    return Demand(
        turns=len(answered),
        turns_per_conversation=profile.conversation.expected_turns,
        replica_cpu_s=steps.cost(meter(history, REPLICA), "the replica"),
        replica_cpu_base_s=by_history[0],
        replica_cpu_per_earlier_turn_s=by_history[1],
        by_kind_cpu_s=kinds,
        others_cpu_s=_others(history, steps),
        redis_s=steps.cost(meter(history, REDIS), "Redis's main thread"),
        **_redis_bytes(history, begin, end),
        model_calls=_counted(history, begin, end, "model_calls", "calls", "calls of the model"),
        model_s=_counted(history, begin, end, "model_s", "s", "seconds of waiting for the model"),
        latency_s=_latency(answered),
        in_flight_limit=_limit(history),
        replica_idle_share=_idle(history),
    )


class _Steps:
    """The measured phase in steps between two samples, with the work done in each."""

    def __init__(self, history: History, begin: float, end: float) -> None:
        self._history = history
        metered = meter(history, REPLICA) or meter(history, REDIS)
        times = [] if metered is None else metered.within(begin, end)
        self.spans = list(pairwise(times))
        self.turns = [work(history, [span]) for span in self.spans]

    def cost(self, metered: Meter | None, part: str) -> Figure:
        """Seconds of the part a turn, without what it uses without turns."""
        if metered is None:
            return unknown("s", f"{part}: {_NOT_SAMPLED}")
        idle = idle_rate(self._history, metered)
        amounts = [metered.used(*span) - idle * (span[1] - span[0]) for span in self.spans]
        return _figure(_batched(amounts, self.turns), "s", f"{part}, by its processor time")


def _batched(amounts: Sequence[float], counts: Sequence[float]) -> Estimate | None:
    """The ratio, its interval from batches: turns that are open at a sample correlate steps."""
    size = max(1, len(counts) // _BATCHES)
    starts = range(0, len(counts), size)
    return ratio(
        [sum(amounts[place : place + size]) for place in starts],
        [sum(counts[place : place + size]) for place in starts],
    )


def _figure(
    estimate: Estimate | None, unit: str, why: str, label: Label = Label.MEASURED
) -> Figure:
    if estimate is None:
        return unknown(unit, f"{why}: too few turns")
    known = math.isfinite(estimate.margin)
    return Figure(
        value=estimate.value,
        unit=unit,
        label=label,
        low=estimate.low if known else None,
        high=estimate.high if known else None,
        why=why,
    )


def _streaming(profile: Profile, seed: int, book: Book | None) -> frozenset[int]:
    """The conversations with streamed replies, as they were planned."""
    return frozenset(
        arrival.index
        for arrival in arrivals.stream(profile, seed)
        if conversation.plan(profile, arrival, "capacity", book).streaming
    )


def _kind(turn: TurnRecord, streams: frozenset[int]) -> str:
    if turn.turn == 0:
        return "open"
    if turn.conversation in streams:
        return "stream"
    return "tool" if turn.steps else "text"


def _fits(
    history: History, steps: _Steps, streams: frozenset[int]
) -> tuple[dict[str, Figure], tuple[Figure, Figure]]:
    """CPU seconds by kind of turn; and those without history, with those for each earlier turn."""
    metered = meter(history, REPLICA)
    nothing = unknown("s", f"the replica: {_NOT_SAMPLED}")
    if metered is None or not steps.spans:
        return {}, (nothing, nothing)
    idle = idle_rate(history, metered)
    used = [metered.used(*span) - idle * (span[1] - span[0]) for span in steps.spans]
    counts: list[Counter[str]] = [Counter() for _ in steps.spans]
    all_turns, earlier = [0.0] * len(used), [0.0] * len(used)
    for turn in history.turns:
        kind = _kind(turn, streams)
        length = max(turn.done - turn.sent, 1e-6)
        for place, (begin, end) in enumerate(steps.spans):
            share = (min(turn.done, end) - max(turn.sent, begin)) / length
            if share > 0:
                counts[place][kind] += share  # type: ignore[assignment]
                all_turns[place] += share
                earlier[place] += share * turn.turn
    present = [kind for kind in KINDS if any(count[kind] for count in counts)]
    by_kind = least_squares([[count[kind] for kind in present] for count in counts], used)
    by_history = least_squares([list(row) for row in zip(all_turns, earlier, strict=True)], used)
    why = "least squares over the seconds of the demand run"
    short = unknown("s", f"{why}: a longer demand run (--minutes) would tell")
    kinds = dict.fromkeys(present, short)
    if by_kind is not None:
        kinds = {
            kind: _figure(each, "s", why, Label.FITTED)
            for kind, each in zip(present, by_kind, strict=True)
        }
    if by_history is None:
        return kinds, (short, short)
    base, slope = (_figure(each, "s", why, Label.FITTED) for each in by_history)
    return kinds, (base, slope)


def _others(history: History, steps: _Steps) -> Figure:
    whole, replica, redis = whole_run(history), meter(history, REPLICA), meter(history, REDIS)
    if whole is None or replica is None:
        return unknown("s", f"balancer, generator and harness: {_NOT_SAMPLED}")
    amounts = [
        whole.used(*span) - replica.used(*span) - (0.0 if redis is None else redis.used(*span))
        for span in steps.spans
    ]
    why = "balancer, generator and harness, by their processor time"
    return _figure(_batched(amounts, steps.turns), "s", why)


def _counted(history: History, begin: float, end: float, name: str, unit: str, what: str) -> Figure:
    """A counter of the replica's own metrics, for each turn that it ended."""
    counter = meter(history, _SERVICE, name)
    if counter is None:
        return unknown(unit, f"the service's /metrics do not tell the {what}")
    seen = counter.within(begin, end)
    if len(seen) < 2:
        return unknown(unit, f"too few readings of the {what}; --minutes makes the run longer")
    turns = work(history, [(seen[0], seen[-1])])
    if not turns:
        return unknown(unit, "no turn was answered")
    value = counter.used(seen[0], seen[-1]) / turns
    return Figure(
        value=value, unit=unit, label=Label.MEASURED, why=f"{what} a turn, by the replica's metrics"
    )


def _latency(answered: Sequence[TurnRecord]) -> Figure:
    ordered = sorted(turn.latency for turn in answered)
    low, high = percentile_interval(ordered, 50)
    return Figure(
        value=percentile(ordered, 50),
        unit="s",
        label=Label.MEASURED,
        low=low,
        high=high if high is not None and math.isfinite(high) else None,
        why="median of the demand run",
    )


def _idle(history: History) -> Figure:
    metered = meter(history, REPLICA)
    if metered is None:
        return unknown("share", f"the replica: {_NOT_SAMPLED}")
    return Figure(
        value=idle_rate(history, metered),
        unit="share",
        label=Label.MEASURED,
        why="of its core, before the load: health checks, timers, scrapes",
    )


def _limit(history: History) -> int | None:
    samples = history.samples_by_source.get(_SERVICE, [])
    limits = [int(s.values["in_flight_limit"]) for s in samples if "in_flight_limit" in s.values]
    return limits[-1] if limits else None


def _redis_bytes(history: History, begin: float, end: float) -> dict[str, Figure]:
    """Bytes for a stored turn and for a session.

    Sessions and turns grow together, so that one run cannot tell them apart: their proportion is
    that of the reference service (`loadtests.arrivals.redis_sizes`), their sum is measured.
    """
    samples = [s for s in history.samples_by_source.get(REDIS, []) if "used_memory" in s.values]
    why = (
        "memory of the live sessions in the demand run, in the proportion of the reference service"
    )
    missing = {
        name: unknown("bytes", f"{why}: Redis was not sampled, or keeps no sessions")
        for name in ("redis_bytes", "redis_session_bytes")
    }
    if not samples or history.load_start is None:
        return missing
    server = history.run.environment.redis_server
    sizes = of_server("redis" if server is None or server.name is None else server.name)
    empty = _data(samples[0].values)
    held = _Held(history)
    grown, expected = 0.0, 0.0
    for sample in samples:
        if begin <= sample.t <= end:
            sessions, turns = held.at(sample.t)
            grown += _data(sample.values) - empty
            expected += sessions * sizes.session + turns * sizes.turn
    if grown <= 0 or expected <= 0:
        return missing
    scale = grown / expected
    return {
        name: Figure(value=size * scale, unit="bytes", label=Label.FITTED, why=why)
        for name, size in (("redis_bytes", sizes.turn), ("redis_session_bytes", sizes.session))
    }


def _data(values: dict[str, float]) -> float:
    """Bytes without the buffers of clients and of the append-only file."""
    buffers = values.get("mem_clients_normal", 0.0) + values.get("mem_aof_buffer", 0.0)
    return values["used_memory"] - buffers


class _Held:
    """The sessions and turns that Redis holds, by the records of the conversations."""

    def __init__(self, history: History) -> None:
        ttl = history.run.ttl_seconds
        deleted = {
            record.conversation: record.deleted
            for record in history.conversations
            if record.deleted is not None
        }
        dones: dict[int, list[float]] = {}
        for turn in history.turns:
            if turn.outcome is Outcome.OK:
                dones.setdefault(turn.conversation, []).append(turn.done)
        self._kept = [
            (sorted(times), min(deleted.get(index, math.inf), max(times) + ttl))
            for index, times in dones.items()
        ]

    def at(self, t: float) -> tuple[int, int]:
        """The number of sessions and of turns at run time `t`."""
        live = [times for times, gone in self._kept if times[0] <= t < gone]
        return len(live), sum(done <= t for times in live for done in times)
