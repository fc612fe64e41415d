"""Checks that the records of a conversation are complete and consistent: a disk may fill up, a file
may be cut, a line may be lost or written twice.

An incomplete conversation proves no violation, because the missing records may explain it.
"""

from __future__ import annotations

from collections.abc import Sequence

from reports.records import (
    DELETION_FAILED,
    FILES,
    AuditRecord,
    ConversationRecord,
    Fate,
    FaultMark,
    FaultWindow,
    ModelCall,
    Outcome,
    TurnRecord,
)
from reports.records.history import History

_OF_FAULTS = (FILES[FaultWindow], FILES[FaultMark])
_EARLY_S = 0.05
"""A timer may fire this early, so that a message is sent before it was due, seconds."""


def missing(
    records: Sequence[ConversationRecord],
    turns: Sequence[TurnRecord],
    audits: Sequence[AuditRecord],
) -> str | None:
    """The missing or inconsistent record of a conversation; None: nothing is wrong.

    A customer whose turns were all answered took all planned turns, one who gave up did so after a
    failed turn, and every opened session was read back.  For customers cut off by the end of the
    run the expected number of records is unknown.
    """
    if not records:
        return "its fate is not recorded"
    if len(records) > 1:
        return f"its fate is recorded {len(records)} times"
    (record,) = records
    whole = record.fate is Fate.OFFERED and record.opened is not None
    gave_up = record.error is not None and not record.error.startswith(DELETION_FAILED)
    if whole and not gave_up and len(turns) != record.turns_planned:
        return f"{len(turns)} of its {record.turns_planned} turns are recorded"
    for number, turn in enumerate(turns):
        if turn.turn != number:
            return "turns in its middle are not recorded"
    if whole and gave_up and (not turns or turns[-1].outcome is Outcome.OK):
        return "the turn that ended it is not recorded"
    if whole and "end" not in [audit.when for audit in audits]:
        return "that its session was read back is not recorded"
    if whole and record.deleted is not None and len(audits) < 2:
        return "that its session was read after its deletion is not recorded"
    return _impossible(record, turns, audits)


def unrecorded_faults(history: History) -> set[str]:
    """The ids of planned faults without a record."""
    return set(history.run.planned_faults) - {fault.id for fault in history.faults}


def lacks_faults(history: History) -> bool:
    """Whether records of faults are missing, which may explain a violation."""
    if any(each.file in _OF_FAULTS for each in history.damaged):
        return True
    return not history.cut_short and bool(unrecorded_faults(history))


def lacks_calls(history: History) -> bool:
    """Whether records of the model's calls are missing, which may have shown the context."""
    return any(each.file == FILES[ModelCall] for each in history.damaged)


def was_opened(records: Sequence[ConversationRecord], turns: Sequence[TurnRecord]) -> bool:
    """Whether the service acknowledged its session, or a turn of it."""
    return any(record.opened is not None for record in records) or any(
        turn.outcome is Outcome.OK for turn in turns
    )


def _impossible(
    record: ConversationRecord, turns: Sequence[TurnRecord], audits: Sequence[AuditRecord]
) -> str | None:
    """A contradiction in the records; None: none."""
    if record.started is not None:
        if record.started < record.due - _EARLY_S:
            return "it began before it was due"
        if record.opened is not None and record.opened < record.started:
            return "its session was opened before it was asked for"
    for turn in turns:
        due, sent, done, first_token = turn.due, turn.sent, turn.done, turn.first_token
        if done < sent or done < due:
            return f"turn {turn.turn} was answered before it was {_begun(turn)}"
        if first_token is not None and not sent <= first_token <= done:
            return f"turn {turn.turn} showed text before it was sent or after it was answered"
        if sent < due - _EARLY_S:
            return f"turn {turn.turn} was sent before it was due"
    for audit in audits:
        if audit.done < audit.at:
            return "its session was read before it was asked for"
    return None


def _begun(turn: TurnRecord) -> str:
    return "sent" if turn.done < turn.sent else "due"
