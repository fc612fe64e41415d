"""A calibration from the findings of a capacity run.

The measured demand sets the sums: CPU, model time and Redis time a turn.  What it does not tell
(the split of a turn's CPU into segments, the cost of a refusal) keeps its proportion from the
built-in calibration, and `source` says so.

A turn takes less of a busy core than of an idle one, which has to wake for each piece of work.  The
two loads of the demand run tell how much less; where it had one load, the search's probes do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from loadtests.profiles.profile import Profile
from loadtests.simulation import plans, steady
from loadtests.simulation.calibration import DEFAULT, Calibration, CalibrationError, check
from loadtests.simulation.engine import SetUp
from loadtests.simulation.plans import PlannedTalk
from loadtests.simulation.statistics import Outcomes
from reports.capacity.findings import Answer, CapacityFindings, Demand, ProbeKind

_CPU = (
    *("turn_cpu_s", "earlier_turn_cpu_s", "tool_cpu_s", "stream_cpu_s", "open_cpu_s"),
    *("read_cpu_s", "read_turn_cpu_s", "uncached_turn_cpu_s", "repeat_cpu_s", "refusal_cpu_s"),
)
_SCRIPTS_A_TURN = 2
_SCRIPTS_BESIDE = 2
"""Of a conversation: the opening and the read."""
_DEMAND_SHARE = 0.3
"""The share of the core at which the demand is measured, unless a probe says otherwise."""
_PIECES_A_TURN = 4
_LEAST_WITHOUT_WAKING = 0.2
"""Of the CPU of a turn: below it, the difference of the loads has another reason."""
_ROUNDS = 4
_SECONDS = 120.0
_SEED = 1


@dataclass(frozen=True, slots=True)
class _Mix:
    """The turns of the profile, planned."""

    talks: Sequence[PlannedTalk]

    @property
    def per_talk(self) -> float:
        return steady.turns_per_talk(self.talks)

    def model_s(self) -> float:
        """Seconds a turn waits for the model."""
        turns = [turn for talk in self.talks for turn in talk.turns]
        return sum(sum(turn.model_s) for turn in turns) / len(turns)


def calibrate(findings: CapacityFindings, profile: Profile) -> Calibration:
    """The calibration that has the demand of a capacity run, played with `profile`.

    Raises CalibrationError, one sentence, when the findings lack the demand.
    """
    demand = findings.demand
    if demand is None:
        raise CalibrationError("demand must be measured, got nothing: the capacity run has no turn")
    made = _with_model(DEFAULT, demand, findings.agent is None, profile)
    mix = _Mix(plans.library(profile, _SEED, made))
    made = _with_wake(_with_cpu(made, demand, mix), findings, demand, mix)
    made = _with_redis(made, findings, demand, mix)
    limit = demand.in_flight_limit
    made = replace(
        made,
        source=f"a capacity run of {findings.profile} with seed {findings.seed}",
        in_flight_limit=made.in_flight_limit if limit is None else limit,
        others_cpu_s=_or(demand.others_cpu_s.value, made.others_cpu_s),
        validated_share=_validated(findings),
    )
    return check(_with_way(made, findings, demand, mix))


def _or(value: float | None, other: float) -> float:
    return other if value is None else value


def _with_model(
    made: Calibration, demand: Demand, is_shopmax: bool, profile: Profile
) -> Calibration:
    calls = demand.model_calls.value
    if not is_shopmax and calls is not None:
        made = replace(made, model_calls=min(2.0, max(1.0, calls)))
    wanted = demand.model_s.value
    if wanted is None:
        return made
    factor = wanted / _Mix(plans.library(profile, _SEED, made)).model_s()
    return replace(
        made,
        model_first_token_s=made.model_first_token_s * factor,
        model_tokens_per_s=made.model_tokens_per_s / factor if factor > 0 else 1e9,
    )


def _with_cpu(made: Calibration, demand: Demand, mix: _Mix) -> Calibration:
    mean = demand.replica_cpu_s.value
    if mean is None or mean <= 0:
        raise CalibrationError("demand.replica_cpu_s must be measured, got nothing")
    slope = demand.replica_cpu_per_earlier_turn_s
    # A slope whose interval holds 0 is noise of the fit.
    if slope.value is not None and slope.low is not None and slope.low > 0:
        made = replace(made, earlier_turn_cpu_s=slope.value)
    factor = mean / steady.cpu_per_turn(mix.talks, made)
    values: dict[str, Any] = {name: getattr(made, name) * factor for name in _CPU}
    idle = demand.replica_idle_share
    if idle is not None and idle.value is not None:
        values["idle_share"] = min(0.9, max(0.0, idle.value))
    return replace(made, **values)


def _with_wake(
    made: Calibration, findings: CapacityFindings, demand: Demand, mix: _Mix
) -> Calibration:
    """A turn takes what was measured both at the low load and at the highest sustained one."""
    low_rate, busy = _demand_rate(findings, demand), _busiest(findings)
    low_s = demand.replica_cpu_s.value
    if low_rate is None or low_s is None or busy is None or not 0 < busy[1] < low_s:
        return made
    high_rate, high_s = busy
    per_turn = steady.cpu_per_turn(mix.talks, made)
    found, wake_s = made, (low_s - high_s) / _PIECES_A_TURN
    for _ in range(_ROUNDS):
        base_s = steady.cpu_per_turn(mix.talks, found)
        found = replace(found, wake_cpu_s=wake_s)
        low, high = (
            (_simulated_cpu_s(found, mix, rate) - base_s) / wake_s for rate in (low_rate, high_rate)
        )
        if low <= high:
            return made
        wake_s = (low_s - high_s) / (low - high)
        base_s = low_s - wake_s * low
        if base_s < _LEAST_WITHOUT_WAKING * low_s:
            return made
        found = replace(found, **{name: getattr(made, name) * base_s / per_turn for name in _CPU})
    return replace(found, wake_cpu_s=wake_s)


def _busiest(findings: CapacityFindings) -> tuple[float, float] | None:
    """Turns a second of a high load that was sustained, and CPU seconds of a turn in it.

    That of the run which measured the demand, at one speed of the machine; without it the search's.
    """
    busy = None if findings.demand is None else findings.demand.busy
    if busy is not None and busy.cpu_s.value is not None:
        return busy.turns_per_s, busy.cpu_s.value
    passed = [
        (probe.offered, probe.cpu_share / probe.offered)
        for probe in findings.probes
        if probe.kind is ProbeKind.SEARCH
        and probe.answer is Answer.PASS
        and probe.cpu_share
        and probe.offered
    ]
    return max(passed, default=None)


def _simulated_cpu_s(made: Calibration, mix: _Mix, rate: float) -> float:
    """CPU seconds of a turn at this many turns a second of one replica."""
    found = _simulated(made, mix, rate)
    idle = made.idle_share
    return (found.replica_share - idle) / (1 - idle) * found.seconds / max(1, found.turns)


def _with_redis(
    made: Calibration, findings: CapacityFindings, demand: Demand, mix: _Mix
) -> Calibration:
    values: dict[str, Any] = {}
    if demand.redis_s.value is not None:
        scripts = _SCRIPTS_A_TURN + _SCRIPTS_BESIDE / mix.per_talk
        bytes_s = made.redis_byte_s * made.redis_turn_bytes
        values["redis_script_s"] = max(0.0, (demand.redis_s.value - bytes_s) / scripts)
    # The fit of a short run may say that a session, or a turn, takes less than nothing.
    if (turn := _or(demand.redis_bytes.value, 0.0)) > 0:
        values["redis_turn_bytes"] = turn
    if (session := _or(demand.redis_session_bytes.value, 0.0)) > 0:
        values["redis_session_bytes"] = session
    size = findings.redis_size
    if size is not None:
        values["redis_empty_bytes"] = _or(size.empty_bytes.value, made.redis_empty_bytes)
        values["redis_fork_s_per_gib"] = max(0.0, _or(size.fork_s_per_gib.value, 0.0))
        extra = _or(size.rewrite_extra_share.value, 0.0)
        values["redis_rewrite_extra_share"] = min(1.0, max(0.0, extra))
    return replace(made, **values)


def _with_way(
    made: Calibration, findings: CapacityFindings, demand: Demand, mix: _Mix
) -> Calibration:
    """The way to a replica is what the measured median has beyond the simulated one."""
    median, rate = demand.latency_s.value, _demand_rate(findings, demand)
    if median is None or rate is None:
        return made
    made = replace(made, balancer_s=0.0)
    simulated = _simulated(made, mix, rate).p50_s
    if simulated is None:
        return made
    return replace(made, balancer_s=max(0.0, (median - simulated) / 2))


def _simulated(made: Calibration, mix: _Mix, rate: float) -> Outcomes:
    """One replica with this many turns a second."""
    set_up = SetUp(load_s=_SECONDS, ttl_s=7200.0, calibration=made, ends_with_load=True)
    return steady.steady(set_up, mix.talks, rate, _SEED)


def _demand_rate(findings: CapacityFindings, demand: Demand) -> float | None:
    """Turns a second of the load at which the demand was measured."""
    if demand.busy is not None:
        return demand.busy.low_turns_per_s
    rates = [probe.rate for probe in findings.probes if probe.kind is ProbeKind.DEMAND]
    if rates:
        return rates[0]
    cpu_s = demand.replica_cpu_s.value
    return _DEMAND_SHARE / cpu_s if cpu_s else None


def _validated(findings: CapacityFindings) -> float:
    """The highest share of the replica's core in the run that measured the demand."""
    if findings.demand is not None and findings.demand.busy is not None:
        return min(1.0, findings.demand.busy.share)
    demands = [probe for probe in findings.probes if probe.kind is ProbeKind.DEMAND]
    shares = [probe.cpu_share for probe in demands if probe.cpu_share is not None]
    return min(1.0, max(shares, default=_DEMAND_SHARE))
