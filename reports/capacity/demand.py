"""The demand: what one turn costs, from the records of a run at a low load (about 30 %).

Where the load of a run alternates, the figures are those of its lower load, but for `busy`.

The use of the processor between samples is explained by the turns that ran in that time, each
spread evenly from its sending to its end: a + b × earlier turns, and by kind of turn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from reports.capacity import costs, memory_a_turn
from reports.capacity.alternation import Alternation, alternation
from reports.capacity.demand_rows import KINDS, Row, mean_earlier, rows
from reports.capacity.findings import BusyDemand, Demand
from reports.capacity.measured_part import measured_part
from reports.capacity.told import NOT_TOLD
from reports.capacity.turn_times import turn_times, within
from reports.figures.derive import derive
from reports.figures.figure import Figure, Label, unknown
from reports.figures.least_squares import Coefficient, fitted, ratio
from reports.measures.cpu_use import Step, redis_steps, replica_steps
from reports.measures.intervals import percentile_interval
from reports.measures.percentiles import percentile
from reports.measures.spans import Span
from reports.model_cost.by_model import use_by_model
from reports.model_cost.model_use import ModelUse
from reports.records.errors import HistoryError
from reports.records.history import History, read

_CPU = "the replica's processor, between samples, against the turns of that time"
_NOT_SAMPLED = "it was not sampled; a run on this machine with a replica of its own would tell"
_FEWEST_OF_A_KIND = 30


def measure_demand(run: Path | History, in_flight_limit: int | None = None) -> Demand:
    """The demand of a turn, from the run in a directory or its history.

    `in_flight_limit` is the bound of turns that a replica takes at once, if it is known.  Raises
    HistoryError when it is no run, or when no turn was answered.
    """
    history = read(run) if isinstance(run, Path) else run
    part = measured_part(history)
    end = history.load_end
    turns = [] if part is None else within(turn_times(history), [(part.start, part.end)])
    latencies = sorted(turn.waited for turn in turns if turn.answered)
    if part is None or end is None or not latencies:
        raise HistoryError(f"{history.name}: must hold answered turns after the warm-up, got none")
    count = len(turns)
    span = (part.start, max(end, part.end))
    steps = replica_steps(history)
    idle = _idle_share(history, steps)
    found = rows(history, steps, span, idle or 0.0)
    both = alternation(history, steps, idle or 0.0)
    mean: Sequence[Row] = found
    if both is not None:
        turns = within(turn_times(history), both.low_spans)
        latencies = sorted(turn.waited for turn in turns if turn.answered) or latencies
        mean, found = both.low.rows, [both.as_at_low(row) for row in found]
    redis = rows(history, redis_steps(history), span, 0.0)
    base, earlier = _line(found)
    use = use_by_model(history)
    return Demand(
        turns=count,
        turns_per_conversation=_turns_per_conversation(history),
        replica_cpu_s=_mean(mean, lambda row: row.used_s, _CPU),
        replica_cpu_base_s=base,
        replica_cpu_per_earlier_turn_s=earlier,
        by_kind_cpu_s=_by_kind(history, found),
        others_cpu_s=_others(history, found, redis),
        redis_s=_mean(redis, lambda row: row.used_s, "the processor time of Redis's main thread"),
        redis_bytes=memory_a_turn.bytes_per_turn(history),
        redis_session_bytes=memory_a_turn.bytes_per_session(history),
        model_calls=_model_calls(history, span, use),
        model_s=_counted(history, "model_s", span, "s"),
        latency_s=_median(latencies),
        replica_idle_share=_idle(idle),
        model_use=use,
        in_flight_limit=in_flight_limit,
        busy=None if both is None else _busy(both),
    )


def _busy(both: Alternation) -> BusyDemand:
    why = f"{_CPU}, at the higher of the two loads"
    return BusyDemand(
        low_turns_per_s=both.low.turns_per_s,
        turns_per_s=both.high.turns_per_s,
        share=both.high.share,
        cpu_s=_mean(both.high.rows, lambda row: row.used_s, why),
    )


def _turns_per_conversation(history: History) -> float:
    turns = history.turns
    return len(turns) / max(1, len(set(turns.conversation)))


def _idle_share(history: History, steps: Sequence[Step]) -> float | None:
    """The median use outside of the load, of a core; None: it was not sampled there."""
    start, end = history.load_start, history.load_end
    if start is None or end is None:
        return None
    shares = sorted(
        step.used_s / (step.until - step.since)
        for step in steps
        if step.until > step.since and (step.until <= start or step.since >= end + 1.0)
    )
    return percentile(shares, 50) if len(shares) >= 3 else None


def _idle(share: float | None) -> Figure | None:
    if share is None:
        return None
    why = "the replica's processor before and after the load"
    return Figure(value=share, unit="share", label=Label.MEASURED, why=why)


def _figure(found: Coefficient | None, unit: str, label: Label, why: str) -> Figure:
    if found is None:
        return unknown(unit, NOT_TOLD)
    low, high = found.value - found.half, found.value + found.half
    return Figure(value=found.value, unit=unit, label=label, low=low, high=high, why=why)


def _mean(found: Sequence[Row], value: Callable[[Row], float], why: str) -> Figure:
    if not found:
        return unknown("s", _NOT_SAMPLED)
    amounts = [row.turns for row in found]
    return _figure(ratio([value(row) for row in found], amounts), "s", Label.MEASURED, why)


def _line(found: Sequence[Row]) -> tuple[Figure, Figure]:
    """a and b of a + b × earlier turns, the opening of sessions apart."""
    if not found:
        return unknown("s", _NOT_SAMPLED), unknown("s", _NOT_SAMPLED)
    columns = [[row.turns, row.earlier, row.by_kind["open"]] for row in found]
    line = fitted(columns, [row.used_s for row in found])
    base, earlier, _ = line if line is not None else (None, None, None)
    return (
        _figure(base, "s", Label.FITTED, _CPU),
        _figure(earlier, "s", Label.FITTED, _CPU),
    )


def _by_kind(history: History, found: Sequence[Row]) -> dict[str, Figure]:
    """Kinds of turns that are frequent enough and can be told apart."""
    kinds = [kind for kind in KINDS if sum(row.by_kind[kind] for row in found) >= _FEWEST_OF_A_KIND]
    if not kinds:
        return {}
    columns = [[*(row.by_kind[kind] for kind in kinds), row.earlier] for row in found]
    line = fitted(columns, [row.used_s for row in found])
    if line is None:
        return {}
    earlier = mean_earlier(history)
    figures = {}
    for kind, part in zip(kinds, line, strict=False):
        value = part.value + line[-1].value * earlier[kind]
        # One that is not surely above 0 was not told apart.
        if value - part.half > 0:
            whole = Coefficient(value, part.half)
            figures[kind] = _figure(whole, "s", Label.FITTED, f"{_CPU}, by kind of turn")
    return figures


def _others(history: History, replica: Sequence[Row], redis: Sequence[Row]) -> Figure:
    """The run's own processor time but for the replica's and Redis's."""
    own = [
        (s.t, s.values["own_percent"] / 100 * s.values.get("cores", 1.0))
        for s in history.samples_by_source.get("host", [])
        if "own_percent" in s.values
    ]
    if not own or not replica or not redis:
        return unknown("s", _NOT_SAMPLED)
    by_time = {row.since: row.used_s for row in redis}
    rest, amounts = [], []
    for row in replica:
        shares = [share for t, share in own if row.since < t <= row.until]
        if shares and row.since in by_time:
            whole = sum(shares) / len(shares) * (row.until - row.since)
            rest.append(whole - row.used_s - row.idle_s - by_time[row.since])
            amounts.append(row.turns)
    why = "the run's processor time but for the replica's and Redis's"
    return _figure(ratio(rest, amounts), "s", Label.MEASURED, why)


def _model_calls(history: History, span: Span, use: Sequence[ModelUse]) -> Figure:
    """Calls of the model a turn, by the log of the stand-in, or by the replica's own counter."""
    if not use:
        return _counted(history, "model_calls", span, "calls")
    return derive(lambda *calls: sum(calls), *(each.calls for each in use), unit="calls")


def _counted(history: History, name: str, span: Span, unit: str) -> Figure:
    """A counter of the replica a turn."""
    value = costs.counted(history, name, [span])
    if value is None:
        return unknown(
            unit, "the service shows no such counter; a service with diya's metrics does"
        )
    why = f"the replica's own counter {name}"
    return Figure(value=value, unit=unit, label=Label.MEASURED, why=why)


def _median(ordered: Sequence[float]) -> Figure:
    low, high = percentile_interval(ordered, 50)
    return Figure(
        value=percentile(ordered, 50),
        unit="s",
        label=Label.MEASURED,
        low=low,
        high=high,
        why=f"the median of {len(ordered)} turns",
    )
