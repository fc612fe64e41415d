"""The gates: one row for each question that a run is judged by.

Everything that has to know a gate reads its row here: how the verdict counts it, what it is called,
whether a target must show what it asks for.  A new check is its file, its rows, and a test.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How the verdict counts a gate."""

    FACT = "fact"
    """Its failure is proven however the run went."""
    VALIDITY = "validity"
    """It asks whether the run was sound."""
    LIMIT = "limit"
    """Its failure counts where the run was sound."""


FACT, VALIDITY, LIMIT = Kind.FACT, Kind.VALIDITY, Kind.LIMIT


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate."""

    name: str
    """`<group>.<question>`; the name of every finding of it."""
    title: str
    kind: Kind = LIMIT
    short: str = ""
    """The title where there is little room; for a violation the word that follows its count."""
    visible_from_outside: bool = True
    """Whether every target's API shows what it takes; where it does not, unknown does not count."""

    @property
    def group(self) -> str:
        """The first part of the name, for example `continuity`."""
        return self.name.partition(".")[0]

    @property
    def question(self) -> str:
        """The rest of the name; of a violation its class, for example `lost`."""
        return self.name.partition(".")[2]


_VIOLATIONS = (
    # An acknowledged turn is missing, or a whole session is, within its TTL.
    Gate("continuity.lost", "Conversation context lost", FACT, "lost"),
    # A turn's message is there twice, or the same reply is.
    Gate("continuity.duplicated", "Turns that happened twice", FACT, "duplicated"),
    # Acknowledged turns in another order, or turns interleaved.
    Gate("continuity.reordered", "Histories out of order", FACT, "reordered"),
    # Two or more acknowledged turns are missing together from the front or the end of a history of
    # which something is left; or a later read shows less than an earlier one did.  Any other
    # absence (a single turn, one from the middle, everything) is `lost`.
    Gate("continuity.truncated", "Turns cut off a history", FACT, "truncated"),
    # One turn has two different replies, or not the message or reply that was acknowledged.
    Gate("continuity.forked", "Turns with two histories", FACT, "forked"),
    # The message without the reply, or the reverse; also beside the whole turn, where one of
    # several attempts left its half behind.
    Gate("continuity.half_turn", "Turns that half happened", FACT, "half-turns"),
    # There after the TTL must have taken it, or after an acknowledged delete.
    Gate("continuity.resurrected", "Sessions back from the dead", FACT, "resurrected", False),
    # A turn that nobody sent, or that the service had refused.
    Gate("continuity.phantom", "Turns that nobody sent", FACT, "phantom"),
    # Another conversation's turn, or another user's session.
    Gate("continuity.leaked", "Data of another customer", FACT, "leaked"),
    # The reply's witness shows that the model was not shown the acknowledged turns.
    Gate(
        "continuity.context_missed", "Replies without the context", FACT, "without context", False
    ),
)

_GATES = (
    *_VIOLATIONS,
    Gate("continuity.steps", "Tool steps stored as they were shown", FACT),
    Gate("continuity.state", "Session state as the turns wrote it", FACT),
    Gate("continuity.reply", "Replies as the model gave them", FACT),
    Gate("continuity.within_durability", "Turns lost within the declared durability", FACT),
    Gate("continuity.repeated", "Turns repeated when they were sent again", FACT),
    Gate("continuity.stored_otherwise", "Turns stored otherwise than sent", FACT),
    Gate("continuity.unprompted", "Texts of the agent that answer no turn", FACT),
    Gate("latency.steady_p99", "Latency in the steady state", short="steady p99"),
    Gate("latency.fault_p99", "Latency during a fault", short="fault p99"),
    Gate("latency.recovery_p99", "Latency after a fault", short="recovery p99"),
    Gate("latency.warmup_p99", "Latency in the warm-up", short="warm-up p99"),
    Gate("latency.replica", "One replica beside the others"),
    Gate("latency.customers", "Some customers beside the others"),
    Gate("latency.outage", "Longest outage of one customer", short="outage"),
    # CPU is CPU, whoever was late meanwhile: a generator that shares a full machine always is.
    Gate("latency.cost", "What a turn costs of the CPU", FACT),
    Gate("recovery.time", "Recovery from a fault", short="slowest"),
    Gate("recovery.steady_state", "The steady state after the last fault"),
    Gate("errors.rate", "Turns without an answer", short="unanswered"),
    Gate("errors.retries", "Retries in the steady state"),
    Gate("errors.deletes", "Deletions that failed without a fault"),
    Gate("errors.reads", "Reads that failed without a fault"),
    Gate("errors.unwitnessed", "Replies that the model did not give"),
    Gate("errors.swallowed", "Replies that were kept from the customer"),
    # What Redis holds, and what the replicas do, is seen from inside only.
    Gate("memory.baseline", "Memory comes back after the TTL", LIMIT, "ended at", False),
    Gate("memory.bounded", "Memory bounded by the TTL", LIMIT, "peak", False),
    Gate("memory.keys", "Keys left after the TTL", visible_from_outside=False),
    Gate("memory.replicas", "Memory of the replicas", visible_from_outside=False),
    Gate("memory.ttl_kept", "Sessions live as long as declared", visible_from_outside=False),
    Gate("memory.ttl", "Keys without a TTL", FACT, visible_from_outside=False),
    Gate("memory.evicted", "Keys evicted", FACT, visible_from_outside=False),
    Gate("validity.complete", "The run came to its end", VALIDITY),
    Gate("validity.arrivals", "The planned load was offered", VALIDITY),
    Gate("validity.generator", "The generator kept up", VALIDITY, "lag"),
    Gate("validity.send_lag", "The generator kept up within conversations", VALIDITY, "send lag"),
    Gate("validity.phase_lag", "The generator kept up where a gate failed", VALIDITY),
    Gate("validity.generator_cpu", "The generator had CPU to spare", VALIDITY, "generator CPU"),
    Gate("validity.foreign_cpu", "Others left the machine to the run", VALIDITY, "foreign CPU"),
    Gate("validity.saturation", "The machine had CPU to spare", VALIDITY),
    Gate("validity.workers", "No generator process was lost", VALIDITY),
    Gate("validity.faults", "Every planned fault took hold", VALIDITY),
    Gate("validity.steady_state", "The steady state before the first fault", VALIDITY),
    Gate("validity.records", "All that was recorded is there", VALIDITY),
    Gate("validity.samples", "The run was sampled throughout", VALIDITY, "sampled within"),
    Gate("validity.replicas", "Every replica answered", VALIDITY),
    Gate("validity.spread", "Conversations moved between replicas", VALIDITY),
    Gate("validity.aftermath", "Turns were sent after the last fault", VALIDITY),
)

GATES = {row.name: row for row in _GATES}
"""Every gate a run can have by its name, but for `<area>.check`: a check that crashed."""
VIOLATIONS = {row.question: row for row in _VIOLATIONS}
"""The gate of each class of broken continuity, by the class."""
GROUPS = tuple(dict.fromkeys(row.group for row in _GATES))
"""The groups of gates, in the order of the design."""


def gate(name: str) -> Gate:
    """The row of a gate.  The row of `<area>.check` is made of those of the area."""
    return GATES.get(name) or _crashed(name)


def names_of(*groups: str) -> tuple[str, ...]:
    """The names of the gates of some groups."""
    return tuple(name for name, row in GATES.items() if row.group in groups)


def _crashed(name: str) -> Gate:
    """A check that crashed leaves its whole group unknown, and counts as the group does."""
    area = name.partition(".")[0]
    rows = [row for row in _GATES if row.group == area]
    kinds = {row.kind for row in rows}
    return Gate(
        name,
        f"The {area} check itself",
        kind=kinds.pop() if len(kinds) == 1 else LIMIT,
        visible_from_outside=not rows or any(row.visible_from_outside for row in rows),
    )
