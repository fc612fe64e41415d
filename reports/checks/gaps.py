"""Whether what was recorded of a conversation is all there: a disk may fill up, a file be cut."""

from __future__ import annotations

from collections.abc import Sequence

from reports.records import AuditRecord, ConversationRecord, Fate, TurnRecord


def missing(
    record: ConversationRecord | None, turns: Sequence[TurnRecord], audits: Sequence[AuditRecord]
) -> str | None:
    """What is missing of a conversation that came to its end; None: nothing.

    A customer who got an answer to every turn took all that were planned, and whoever opened a
    session had it read back at the end.  Of others nobody knows how much there should be.
    """
    if record is None or record.fate is not Fate.OFFERED or record.opened is None:
        return None
    if record.error is None and len(turns) != record.turns_planned:
        return f"{len(turns)} of its {record.turns_planned} turns are recorded"
    if any(turn.turn != number for number, turn in enumerate(turns)):
        return "turns in its middle are not recorded"
    if not any(audit.when == "end" for audit in audits):
        return "that its session was read back is not recorded"
    return None
