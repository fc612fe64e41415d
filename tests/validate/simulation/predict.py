"""What the simulator foresees."""

from __future__ import annotations

from dataclasses import replace

from msgspec import structs

from loadtests.simulation import play
from loadtests.simulation.calibration import Calibration
from loadtests.simulation.faults import KillReplica
from loadtests.simulation.statistics import memory
from tests.validate.simulation.configurations import KILL_AT_S, WARM_UP_S, Configuration
from tests.validate.simulation.figures import Figures
from tests.validate.simulation.load import planned, seed_of

_MOST_LOST = 0.01


def predicted(each: Configuration, calibration: Calibration) -> Figures:
    """Simulate it.  All replicas share one core; nothing else does."""
    profile, rate = planned(each, calibration)
    slower = structs.replace(
        calibration,
        others_cpu_s=0.0,
        # Redis has a core beside the replicas': its time is a wait, and takes nothing from theirs.
        redis_trip_s=calibration.redis_trip_s + calibration.redis_script_s,
        redis_script_s=0.0,
        redis_byte_s=0.0,
        model_first_token_s=calibration.model_first_token_s * each.slower_model,
        model_tokens_per_s=calibration.model_tokens_per_s / each.slower_model,
    )
    faults = (KillReplica(KILL_AT_S),) if each.kill else ()
    made = play.set_up(profile, slower, replicas=each.replicas, cores=1, faults=faults)
    made = replace(made, warm_up_s=WARM_UP_S, drains=False)
    found, watched = play.measure(made, profile, seed_of(each, profile))
    readings = [reading for reading in watched.readings if reading.t >= WARM_UP_S]
    held = memory(readings, slower, shards=1)
    limit = made.latency_limit_s
    kept = found.p99_s is not None and found.p99_s <= limit and found.error_share <= _MOST_LOST
    return Figures(
        rate=rate,
        turns=found.turns,
        goodput_per_s=found.goodput_per_s,
        p50_s=found.p50_s,
        p99_s=found.p99_s,
        memory_bytes=max(held) - held[0],
        turn_cpu_s=each.share / rate,
        keeps_slo=kept,
    )
