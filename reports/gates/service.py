"""The gates of latency, recovery, errors and memory."""

from __future__ import annotations

from reports.gates.row import FACT, LIMIT, Gate

SERVICE = (
    Gate(
        "latency.steady_p99",
        "Latency in the steady state",
        "99 % of the turns outside of faults are answered within `slo.steady_p99_s`, counted from "
        "the intended time.",
        short="steady p99",
    ),
    Gate(
        "latency.fault_p99",
        "Latency during a fault",
        "99 % of the turns that a fault touches are answered within `slo.fault_p99_s`.",
        short="fault p99",
    ),
    Gate(
        "latency.recovery_p99",
        "Latency after a fault",
        "99 % of the turns in the 5 s after a fault are answered within `slo.recovery_p99_s`.",
        short="recovery p99",
    ),
    Gate(
        "latency.warmup_p99",
        "Latency in the warm-up",
        "99 % of the turns in the warm-up are answered within `slo.warmup_p99_s`.",
        short="warm-up p99",
    ),
    Gate(
        "latency.replica",
        "One replica compared with the others",
        "No replica has surely more than 10 % of its turns slow or unanswered while the others "
        "answer well, outside of its own faults.",
        check="parts",
    ),
    Gate(
        "latency.uneven",
        "Replicas as fast as each other",
        "Names a replica that surely answers most of its turns 3 times more slowly than the others "
        "do at the same time. It does not fail.",
        check="uneven",
    ),
    Gate(
        "latency.customers",
        "Some customers compared with the others",
        "Slow and unanswered turns are not gathered on the same customers (a dead shard).",
        check="parts",
    ),
    Gate(
        "latency.outage",
        "Longest outage of one customer",
        "No customer went without an answer for longer than `slo.max_outage_s`.",
        short="outage",
    ),
    # A fact: the CPU cost of a turn does not depend on the generator's lag on a full machine.
    Gate(
        "latency.cost",
        "CPU cost of a turn",
        "A turn does not cost much more CPU under load than it did in the rehearsal.",
        FACT,
        check="validity",
    ),
    Gate(
        "recovery.time",
        "Recovery from a fault",
        "After the healing of a fault, disturbed turns are as rare as before it within "
        "`slo.recovery_s`.",
        short="slowest",
    ),
    Gate(
        "recovery.steady_state",
        "The steady state after the last fault",
        "The experiment's steady-state hypothesis holds again after the last fault.",
        check="steady_state",
    ),
    Gate(
        "errors.rate",
        "Turns without an answer",
        "At most `slo.error_rate` of the turns end without an answer after all retries.",
        short="unanswered",
    ),
    Gate(
        "errors.retries",
        "Retries in the steady state",
        "At most 1 % of the turns in the steady state needed several attempts.",
    ),
    Gate(
        "errors.deletes",
        "Deletions that failed without a fault",
        "At most `slo.error_rate` of the deletions of sessions fail without a fault near.",
    ),
    Gate(
        "errors.reads",
        "Reads that failed without a fault",
        "At most `slo.error_rate` of the reads of sessions fail, or take longer than 5 s, without "
        "a fault near.",
    ),
    Gate(
        "errors.unwitnessed",
        "Replies that the model did not give",
        "Every acknowledged reply carries the scripted model's witness.",
    ),
    Gate(
        "errors.swallowed",
        "Stored replies that the customer did not get",
        "No turn is empty for the customer while its session holds a reply.",
    ),
    # Redis and the memory of the replicas are visible only from inside the fleet.
    Gate(
        "memory.baseline",
        "Memory comes back after the TTL",
        "After the last TTL, Redis memory is near what it was before the load.",
        LIMIT,
        "ended at",
        False,
    ),
    Gate(
        "memory.bounded",
        "Memory bounded by the TTL",
        "Redis memory follows the turns of the last TTL, times `slo.memory_slack`.",
        LIMIT,
        "peak",
        False,
    ),
    Gate(
        "memory.keys",
        "Keys left after the TTL",
        "After the last TTL at most 4 keys, and one for each 500 turns, are left.",
        visible_from_outside=False,
    ),
    Gate(
        "memory.database",
        "Size of the database",
        "Says by how much the database of the sessions grew, where it could be asked. It cannot "
        "fail, because a database keeps sessions for ever.",
        visible_from_outside=False,
    ),
    Gate(
        "memory.replicas",
        "Memory of the replicas",
        "No replica's memory keeps growing in the second half of its turns (32 MiB and 10 % "
        "allowed).",
        visible_from_outside=False,
    ),
    Gate(
        "memory.ttl_kept",
        "Sessions live as long as declared",
        "Turns found sessions that had been idle for nearly one TTL. It cannot fail; without such "
        "turns it is unknown.",
        visible_from_outside=False,
    ),
    Gate(
        "memory.ttl",
        "Keys without a TTL",
        "No key of the service is without a TTL.",
        FACT,
        visible_from_outside=False,
    ),
    Gate(
        "memory.evicted",
        "Keys evicted",
        "Redis evicted no key.",
        FACT,
        visible_from_outside=False,
    ),
)
