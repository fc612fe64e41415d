"""The costs of a turn in a run: processor, Redis and its traffic, and the memory of a session.

The processor is measured over the steady state: the load after the warm-up, in which replicas load
code, without the faults and their recoveries, whose restarts cost too.  Round trips and bytes are
counted from before the load to after it, without the faults: so no turn is counted in part, and
runs of one seed differ by less.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from reports.measures.cpu import faulty, work
from reports.measures.cpu_use import Step, mean_value, replica_names, steps_of, use
from reports.measures.phases import WARMUP, load_phases
from reports.measures.redis_memory import REDIS, live_bytes, redis_samples
from reports.measures.session_moments import session_moments
from reports.measures.spans import Span, merged, seconds, without
from reports.records.history import History

HOST, BALANCER = "host", "envoy"
_FEWEST_TURNS = 30.0
_LEAST_PART = 0.3
"""Of the most sessions: memory that few sessions use is mostly Redis's own."""
_FEWEST_SAMPLES = 3
_IDLE_S = 1.0
"""Before and after the load, so that the samples around it are whole."""


_Amount = Annotated[float, Meta(ge=0)]


class TurnCosts(Struct, frozen=True, kw_only=True):
    """Without the faults and their recoveries; the processor's also without the warm-up.

    None: not sampled, or too few turns.
    """

    replica_cpu_s_per_turn: _Amount | None = None
    """Processor seconds of all replicas a turn."""
    redis_cpu_s_per_turn: _Amount | None = None
    """Seconds of the main threads of Redis a turn, the sampling included."""
    redis_trips_per_turn: _Amount | None = None
    """Round trips to Redis a turn: reads from its clients, each a command or a pipeline, without
    the sampling."""
    redis_bytes_per_turn: _Amount | None = None
    """Bytes from and to the clients of Redis a turn, without the sampling."""
    redis_bytes_per_session: _Amount | None = None
    """Bytes in Redis for each live session, above those after the drain."""
    balancer_cpu_s_per_turn: _Amount | None = None
    """Processor seconds of the load balancer a turn."""
    reference_work_s: _Amount | None = None
    """Processor seconds of a fixed piece of work that is repeated beside the load: how slow the
    machine was."""


def turn_costs(history: History) -> TurnCosts:
    """Measure the costs of a run."""
    start, end = history.load_start, history.load_end
    if start is None or end is None:
        return TurnCosts()
    begin = max([start, *(p.end for p in load_phases(history) if p.name == WARMUP)])
    steady, whole = (begin, end), (start - _IDLE_S, end + _IDLE_S)
    replicas = [steps_of(history, source) for source in replica_names(history)]
    return TurnCosts(
        replica_cpu_s_per_turn=_cost(history, steady, *replicas),
        redis_cpu_s_per_turn=_cost(history, steady, steps_of(history, REDIS)),
        redis_trips_per_turn=_cost(history, whole, steps_of(history, REDIS, "reads")),
        redis_bytes_per_turn=_cost(history, whole, steps_of(history, REDIS, "net_bytes")),
        redis_bytes_per_session=_bytes_per_session(history),
        balancer_cpu_s_per_turn=_cost(history, steady, steps_of(history, BALANCER)),
        reference_work_s=_reference_work(history, steady),
    )


def _reference_work(history: History, steady: Span) -> float | None:
    """The mean in the steady state without the faults; None: it was not done."""
    spans = merged(without([steady], faulty(history)))
    return mean_value(history, HOST, "work_s", spans)


def _cost(history: History, span: Span, *parts: Sequence[Step]) -> float | None:
    """The use of all parts a turn, outside of the faults; None: a part was not sampled."""
    if span[0] >= span[1]:
        return None
    spans = merged(without([span], faulty(history)))
    used = [_used(steps, spans) for steps in parts]
    known = [each for each in used if each is not None]
    if not known or len(known) < len(used):
        return None
    turns = work(history, spans)
    return sum(known) / turns if turns >= _FEWEST_TURNS else None


def _used(steps: Sequence[Step], spans: Sequence[Span]) -> float | None:
    """The use in these spans; None: they were not sampled throughout."""
    found = use(steps, spans)
    # The time without samples was worked in too.
    return None if found is None else found.used_s * seconds(spans) / found.seconds


def _bytes_per_session(history: History) -> float | None:
    """The memory above that after the drain, over the live sessions, while there are many.

    None where the sessions were not watched until they expired.
    """
    start, end = history.load_start, history.load_end
    samples = redis_samples(history)
    if start is None or end is None:
        return None
    drained = [live_bytes(s) for s in samples if s.t >= end + history.run.ttl_seconds]
    if not drained:
        return None
    came, went = session_moments(history)
    held = [
        (bisect_right(came, s.t) - bisect_right(went, s.t), live_bytes(s) - min(drained))
        for s in samples
        if s.t > start
    ]
    most = max((sessions for sessions, _ in held), default=0)
    many = [(sessions, size) for sessions, size in held if sessions >= _LEAST_PART * most > 0]
    if len(many) < _FEWEST_SAMPLES:
        return None
    value = sum(size for _, size in many) / sum(sessions for sessions, _ in many)
    return value if value > 0 else None
