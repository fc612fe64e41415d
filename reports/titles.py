"""What each gate is called."""

from __future__ import annotations

VIOLATIONS = {
    "lost": "Conversation context lost",
    "duplicated": "Turns that happened twice",
    "reordered": "Histories out of order",
    "truncated": "Turns cut off a history",
    "forked": "Turns with two histories",
    "half_turn": "Turns that half happened",
    "resurrected": "Sessions back from the dead",
    "phantom": "Turns that nobody sent",
    "leaked": "Data of another customer",
    "context_missed": "Replies without the context",
}
"""Every violation class and its title.

- lost: an acknowledged turn is missing, or a whole session is, within its TTL.
- truncated: two or more acknowledged turns are missing together from the front or the end of a
  history of which something is left; or a later read shows less than an earlier one did.  Any
  other absence (a single turn, one from the middle, everything) is `lost`.
- duplicated: a turn's message is there twice, or the same reply is.
- forked: one turn has two different replies, or not the message or reply that was acknowledged.
- half_turn: the message without the reply, or the reverse; also beside the whole turn, where one
  of several attempts left its half behind.
- reordered: acknowledged turns in another order, or turns interleaved.
- resurrected: there after the TTL must have taken it, or after an acknowledged delete.
- phantom: a turn that nobody sent, or that the service had refused.
- leaked: another conversation's turn, or another user's session.
- context_missed: the reply's witness shows that the model was not shown the acknowledged turns.
"""

CONTENTS = {
    "steps": "Tool steps stored as they were shown",
    "state": "Session state as the turns wrote it",
    "reply": "Replies as the model gave them",
}
"""Every question of `reports.checks.contents` and its title."""

TITLES = {
    **{f"continuity.{kind}": title for kind, title in VIOLATIONS.items()},
    **{f"continuity.{kind}": title for kind, title in CONTENTS.items()},
    "continuity.within_durability": "Turns lost within the declared durability",
    "continuity.repeated": "Turns repeated when they were sent again",
    "continuity.stored_otherwise": "Turns stored otherwise than sent",
    "continuity.unprompted": "Texts of the agent that answer no turn",
    "latency.steady_p99": "Latency in the steady state",
    "latency.fault_p99": "Latency during a fault",
    "latency.recovery_p99": "Latency after a fault",
    "latency.warmup_p99": "Latency in the warm-up",
    "latency.replica": "One replica beside the others",
    "latency.customers": "Some customers beside the others",
    "latency.outage": "Longest outage of one customer",
    "latency.cost": "What a turn costs of the CPU",
    "recovery.time": "Recovery from a fault",
    "recovery.steady_state": "The steady state after the last fault",
    "errors.rate": "Turns without an answer",
    "errors.retries": "Retries in the steady state",
    "errors.deletes": "Deletions that failed without a fault",
    "errors.reads": "Reads that failed without a fault",
    "errors.unwitnessed": "Replies that the model did not give",
    "errors.swallowed": "Replies that were kept from the customer",
    "memory.baseline": "Memory comes back after the TTL",
    "memory.bounded": "Memory bounded by the TTL",
    "memory.keys": "Keys left after the TTL",
    "memory.replicas": "Memory of the replicas",
    "memory.ttl_kept": "Sessions live as long as declared",
    "memory.ttl": "Keys without a TTL",
    "memory.evicted": "Keys evicted",
    "validity.complete": "The run came to its end",
    "validity.arrivals": "The planned load was offered",
    "validity.generator": "The generator kept up",
    "validity.send_lag": "The generator kept up within conversations",
    "validity.phase_lag": "The generator kept up where a gate failed",
    "validity.generator_cpu": "The generator had CPU to spare",
    "validity.foreign_cpu": "Others left the machine to the run",
    "validity.saturation": "The machine had CPU to spare",
    "validity.workers": "No generator process was lost",
    "validity.faults": "Every planned fault took hold",
    "validity.steady_state": "The steady state before the first fault",
    "validity.records": "All that was recorded is there",
    "validity.samples": "The run was sampled throughout",
    "validity.replicas": "Every replica answered",
    "validity.spread": "Conversations moved between replicas",
    "validity.aftermath": "Turns were sent after the last fault",
}
"""Every gate a run can have, but for `<area>.check`: a check that crashed."""


def title(gate: str) -> str:
    """The title of a gate."""
    return TITLES.get(gate) or f"The {gate.partition('.')[0]} check itself"
