"""The meaning of each gate: a test holds these to the gates that a run can have."""

from __future__ import annotations

from collections.abc import Mapping

MEANINGS: Mapping[str, str] = {
    "continuity.lost": "An acknowledged turn is missing from its session, or a whole session is "
    "missing within its TTL.",
    "continuity.duplicated": "A turn's message, or the same reply, is in the history twice.",
    "continuity.reordered": "Acknowledged turns are in another order, or interleaved.",
    "continuity.truncated": "Two or more acknowledged turns are missing together from the front or "
    "the end of a history, or a later read shows less than an earlier one.",
    "continuity.forked": "One turn has two different replies, or a message or reply that differs "
    "from the acknowledged one.",
    "continuity.half_turn": "The customer's message is stored without the reply, or the reverse.",
    "continuity.resurrected": "A session is there after its TTL must have taken it, or after an "
    "acknowledged deletion.",
    "continuity.phantom": "A history holds a turn that no customer sent, or that the service had "
    "refused.",
    "continuity.leaked": "A history holds another conversation's turn, or the session belongs to "
    "another user.",
    "continuity.context_missed": "The reply's witness shows that the model was not shown an "
    "acknowledged turn of its conversation.",
    "continuity.steps": "The calls and results of tools that an answer showed are stored once.",
    "continuity.state": "The session's state is what its turns wrote into it.",
    "continuity.reply": "The customer got the text that the model gave.",
    "continuity.within_durability": "Counts turns that the topology declares it may lose. Counted "
    "apart; it does not fail.",
    "continuity.repeated": "At a target that does not promise otherwise: turns that happened again "
    "when they were sent again. Fails above 5 turns and 1 %.",
    "continuity.stored_otherwise": "Counts texts that the application rewrites before it stores "
    "them. It does not fail.",
    "continuity.unprompted": "Counts texts of the agent that carry no turn's id. It does not fail.",
    "latency.steady_p99": "99 % of the turns outside of faults are answered within "
    "`slo.steady_p99_s`, counted from the intended time.",
    "latency.fault_p99": "99 % of the turns that a fault touches are answered within "
    "`slo.fault_p99_s`.",
    "latency.recovery_p99": "99 % of the turns in the 5 s after a fault are answered within "
    "`slo.recovery_p99_s`.",
    "latency.warmup_p99": "99 % of the turns in the warm-up are answered within "
    "`slo.warmup_p99_s`.",
    "latency.replica": "No replica has surely more than 10 % of its turns slow or unanswered while "
    "the others answer well.",
    "latency.customers": "Slow and unanswered turns are not gathered on the same customers (a dead "
    "shard).",
    "latency.outage": "No customer went without an answer for longer than `slo.max_outage_s`.",
    "latency.cost": "A turn does not cost much more CPU under load than it did in the rehearsal.",
    "recovery.time": "After the healing of a fault, disturbed turns are as rare as before it "
    "within `slo.recovery_s`.",
    "recovery.steady_state": "The experiment's steady-state hypothesis holds again after the last "
    "fault.",
    "errors.rate": "At most `slo.error_rate` of the turns end without an answer after all retries.",
    "errors.retries": "At most 1 % of the turns in the steady state needed several attempts.",
    "errors.deletes": "At most `slo.error_rate` of the deletions of sessions fail without a fault "
    "near.",
    "errors.reads": "At most `slo.error_rate` of the reads of sessions fail, or take longer than "
    "5 s, without a fault near.",
    "errors.unwitnessed": "Every acknowledged reply carries the scripted model's witness.",
    "errors.swallowed": "No turn is empty for the customer while its session holds a reply.",
    "memory.baseline": "After the last TTL, Redis memory is near what it was before the load.",
    "memory.bounded": "Redis memory follows the turns of the last TTL, times `slo.memory_slack`.",
    "memory.keys": "After the last TTL at most 4 keys, and one for each 500 turns, are left.",
    "memory.replicas": "No replica's memory keeps growing in the second half of its turns (32 "
    "MiB and 10 % allowed).",
    "memory.ttl_kept": "Turns found sessions that had been idle for nearly one TTL. It cannot "
    "fail; without such turns it is unknown.",
    "memory.ttl": "No key of the service is without a TTL.",
    "memory.evicted": "Redis evicted no key.",
    "validity.complete": "The load came to its end and the sessions were read back.",
    "validity.arrivals": "Every planned conversation was offered.",
    "validity.generator": "The generator began conversations on time (`slo.generator_lag_p99_s`).",
    "validity.send_lag": "The generator sent later turns on time (`slo.generator_lag_p99_s`).",
    "validity.phase_lag": "Where a gate of one fault failed, the generator was on time during it.",
    "validity.generator_cpu": "No generator process used more than 95 % of one core over 5 s.",
    "validity.foreign_cpu": "Where a gate of latency or recovery failed, other processes did not "
    "keep the machine busy.",
    "validity.saturation": "Where a gate failed, no full part (machine, Redis, Envoy, generator) "
    "explains it.",
    "validity.workers": "No generator process was lost.",
    "validity.faults": "Every planned fault took hold, and shows in the samples.",
    "validity.steady_state": "The experiment's steady-state hypothesis held before any fault.",
    "validity.records": "No record is missing or written twice.",
    "validity.samples": "Redis and the fleet were sampled throughout the load, without a gap of "
    "10 s.",
    "validity.replicas": "Every replica answered (in a run of at least 10 turns for each).",
    "validity.spread": "At least 10 % of the later turns were answered by another replica than the "
    "turn before.",
    "validity.aftermath": "At least 5 turns were sent after the last fault was healed.",
}
"""Gate -> what passing it means (for classes of violation: what the violation is)."""
