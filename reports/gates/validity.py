"""The gates of the run itself: was it sound?"""

from __future__ import annotations

from reports.gates.row import VALIDITY, Gate

SOUNDNESS = (
    Gate(
        "validity.complete",
        "The run came to its end",
        "The load came to its end and the sessions were read back.",
        VALIDITY,
    ),
    Gate(
        "validity.arrivals",
        "The planned load was offered",
        "Every planned conversation was offered.",
        VALIDITY,
    ),
    Gate(
        "validity.generator",
        "The generator kept up",
        "The generator began conversations on time (`slo.generator_lag_p99_s`).",
        VALIDITY,
        "lag",
    ),
    Gate(
        "validity.send_lag",
        "The generator kept up within conversations",
        "The generator sent later turns on time (`slo.generator_lag_p99_s`).",
        VALIDITY,
        "send lag",
    ),
    Gate(
        "validity.phase_lag",
        "The generator kept up where a gate failed",
        "Where a gate of one fault failed, the generator was on time during it.",
        VALIDITY,
    ),
    Gate(
        "validity.generator_cpu",
        "The generator had CPU to spare",
        "No generator process used more than 95 % of one core over 5 s.",
        VALIDITY,
        "generator CPU",
    ),
    Gate(
        "validity.foreign_cpu",
        "Other processes left CPU to the run",
        "Where a gate of latency or recovery failed, other processes did not keep the machine "
        "busy.",
        VALIDITY,
        "foreign CPU",
    ),
    Gate(
        "validity.saturation",
        "The machine had CPU to spare",
        "Where a gate failed, no full part (machine, Redis, Envoy, generator) explains it.",
        VALIDITY,
    ),
    Gate(
        "validity.workers",
        "No generator process was lost",
        "No generator process was lost.",
        VALIDITY,
    ),
    Gate(
        "validity.faults",
        "Every planned fault took hold",
        "Every planned fault took hold, and shows in the samples.",
        VALIDITY,
    ),
    Gate(
        "validity.steady_state",
        "The steady state before the first fault",
        "The experiment's steady-state hypothesis held before any fault.",
        VALIDITY,
    ),
    Gate(
        "validity.records",
        "The records are complete",
        "No record is missing, damaged or written twice. A few damaged samples are only shown.",
        VALIDITY,
        check="records",
    ),
    Gate(
        "validity.samples",
        "The run was sampled throughout",
        "Redis and the fleet were sampled throughout the load, without a gap of a quarter of it "
        "(5 s to 10 s).",
        VALIDITY,
        "sampled within",
    ),
    Gate(
        "validity.replicas",
        "Every replica answered",
        "Every replica answered, unless its own faults or chance (1 %) explain that it did not.",
        VALIDITY,
    ),
    Gate(
        "validity.spread",
        "Conversations moved between replicas",
        "At least 10 % of the later turns were answered by another replica than the turn before. "
        "Unknown after faults of replicas if no answer names its replica.",
        VALIDITY,
    ),
    Gate(
        "validity.aftermath",
        "Turns were sent after the last fault",
        "At least 5 turns were sent after the last fault was healed.",
        VALIDITY,
    ),
)
