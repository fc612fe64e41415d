"""What changes if conversations are longer, the model slower, or Redis syncs every write."""

from __future__ import annotations

from reports.capacity.findings import CapacityFindings, Demand, RedisSize, Sustainable
from reports.capacity.redis_plan import NOT_MEASURED
from reports.capacity.target import Assumptions, Target
from reports.capacity.told import told
from reports.figures.derive import conservative, derive, percent, up
from reports.figures.figure import Figure, Label, unknown

CPU = "replica CPU"
REFUSED = 0.001
"""The share of turns that may find no free place, the SLO's usual share of errors."""


def longer_history(
    demand: Demand | None, sustainable: Sustainable | None, more: float
) -> tuple[Figure, str]:
    """The sustainable load of one replica if conversations have `more` (a share) more history.

    A turn costs a + b × earlier turns; the part b × earlier turns grows by `more`.  Holds where the
    processor is the limit.
    """
    if demand is None or sustainable is None:
        return unknown("turns/s", "the CPU of a turn by its history was not measured"), ""
    if sustainable.limited_by not in (CPU, None):
        why = f"the limit is {sustainable.limited_by}, not the processor"
        return unknown("turns/s", f"{why}; a run with longer journeys would tell"), ""
    share = derive(
        lambda mean, base: more * max(mean - base, 0.0) / mean,
        demand.replica_cpu_s,
        told(demand.replica_cpu_base_s),
        unit="share",
        at_least=Label.FITTED,
    )
    rate = derive(lambda load, part: load / (1 + part), sustainable.rate, share, unit="turns/s")
    if share.value is None or rate.value is None:
        return rate, ""
    return rate, f"a turn takes {percent(share.value)} more CPU"


def slower_model(findings: CapacityFindings, times: float) -> tuple[Figure, str]:
    """The sustainable load of one replica if the model takes `times` as long.

    Waiting takes no CPU, but a turn occupies its place for longer.  With L places and turns of
    S seconds the share of refused turns is Erlang's loss formula B(L, rate × S), which holds for
    any distribution of S.  Retries of refused turns are left out.
    """
    demand, sustainable = findings.demand, findings.sustainable
    if demand is None or sustainable is None:
        return unknown("turns/s", "the waits for the model were not measured"), ""
    if demand.latency_s.value is None or demand.model_s.value is None:
        return unknown("turns/s", demand.latency_s.why or demand.model_s.why), ""
    seconds = demand.latency_s.value + (times - 1) * demand.model_s.value
    limit = findings.slo.get("steady_p99_s")
    if limit is not None and seconds > limit:
        return (
            unknown("turns/s", f"no fleet keeps the SLO: half of the turns take {seconds:.2g} s"),
            f"a turn takes {seconds:.2g} s, the limit is {limit:g} s",
        )
    if demand.in_flight_limit is None:
        return unknown("turns/s", "no bound of turns in flight is known; a run would tell"), ""
    places = demand.in_flight_limit
    refused = findings.slo.get("error_rate", REFUSED)
    bound = erlang_rate(places, seconds, refused)
    rate = derive(
        lambda load: min(load, bound), sustainable.rate, unit="turns/s", at_least=Label.FITTED
    )
    binds = sustainable.rate.value is not None and bound < (conservative(sustainable.rate) or 0)
    note = f"{places} turns in flight of {seconds:.2g} s carry {bound:.3g} turns/s"
    return rate, f"the in-flight limit binds: {note}" if binds else f"no change: {note}"


def synced_shards(
    target: Target, size: RedisSize | None, assumptions: Assumptions
) -> tuple[Figure, str]:
    """The shards that Redis's processor needs with `appendfsync always`."""
    if size is None:
        return unknown("shards", NOT_MEASURED), ""
    if size.turn_always_s is None:
        return unknown("shards", "a Redis with appendfsync always was not measured"), ""
    shards = derive(
        lambda rate, seconds: max(up(rate * seconds / assumptions.shard_utilisation), 1),
        target.turns_per_s,
        size.turn_always_s,
        unit="shards",
        at_least=Label.FITTED,
    )
    seconds = size.turn_always_s.value
    return shards, "" if seconds is None else f"{seconds * 1000:.3g} ms of Redis a turn"


def erlang_loss(places: int, offered: float) -> float:
    """Erlang's loss formula B: the share refused with this many places and `offered` erlangs."""
    share = 1.0
    for place in range(1, places + 1):
        share = offered * share / (place + offered * share)
    return share


def erlang_rate(places: int, seconds: float, refused: float) -> float:
    """The highest rate, turns a second, at which at most the share `refused` finds no place."""
    low, high = 0.0, places / seconds
    for _ in range(60):
        rate = (low + high) / 2
        if erlang_loss(places, rate * seconds) <= refused:
            low = rate
        else:
            high = rate
    return low
