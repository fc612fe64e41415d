"""What the simulator foresees."""

from __future__ import annotations

from dataclasses import replace

from msgspec import structs

from loadtests.simulation import play
from loadtests.simulation.calibration import Calibration
from loadtests.simulation.faults import KillReplica
from loadtests.simulation.statistics import Outcomes, memory
from tests.validate.simulation.configurations import KILL_AT_S, WARM_UP_S, Configuration
from tests.validate.simulation.figures import Figures
from tests.validate.simulation.load import planned, seed_of

_MOST_LOST = 0.01
_SLOWNESS = [n / 10 for n in range(6, 19)]
"""From 0.6 to 1.8 times as slow as in the calibration."""
_PROCESSOR_TIMES = (
    *("turn_cpu_s", "earlier_turn_cpu_s", "tool_cpu_s", "stream_cpu_s", "open_cpu_s", "read_cpu_s"),
    *("read_turn_cpu_s", "uncached_turn_cpu_s", "repeat_cpu_s", "refusal_cpu_s"),
    *("redis_script_s", "redis_trip_s", "balancer_s", "start_s"),
)


def predicted(each: Configuration, calibration: Calibration) -> list[Figures]:
    """The figures for each slowness of the machine, with the turns a second of the calibration."""
    profile, rate = planned(each, calibration)
    seed = seed_of(each, profile)
    faults = (KillReplica(KILL_AT_S),) if each.kill else ()
    found = []
    for slowness in _SLOWNESS:
        slowed = _slowed(calibration, each.slower_model, slowness)
        made = play.set_up(profile, slowed, replicas=each.replicas, cores=1, faults=faults)
        made = replace(made, warm_up_s=WARM_UP_S, drains=False)
        steady, watched = play.measure(made, profile, seed)
        readings = [reading for reading in watched.readings if reading.t >= WARM_UP_S]
        held = memory(readings, slowed, shards=1)
        found.append(
            Figures(
                rate=rate,
                turns=steady.turns,
                goodput_per_s=steady.goodput_per_s,
                p50_s=steady.p50_s,
                p99_s=steady.p99_s,
                memory_bytes=max(held) - held[0],
                turn_cpu_s=steady.replica_share * each.replicas * steady.seconds / steady.turns,
                keeps_slo=_kept(steady, made.latency_limit_s),
                slowness=slowness,
            )
        )
    return found


def _slowed(calibration: Calibration, slower_model: float, slowness: float) -> Calibration:
    """With all processor times so many times longer.  Replicas share a core with nothing else."""
    times = {name: getattr(calibration, name) * slowness for name in _PROCESSOR_TIMES}
    # Redis has a core beside the replicas': its time is a wait, and takes nothing from theirs.
    times["redis_trip_s"] += times.pop("redis_script_s")
    return structs.replace(
        calibration,
        **times,
        others_cpu_s=0.0,
        redis_script_s=0.0,
        redis_byte_s=0.0,
        model_first_token_s=calibration.model_first_token_s * slower_model,
        model_tokens_per_s=calibration.model_tokens_per_s / slower_model,
    )


def _kept(steady: Outcomes, limit_s: float) -> bool:
    """Whether the SLO was kept."""
    return steady.p99_s is not None and steady.p99_s <= limit_s and steady.error_share <= _MOST_LOST
