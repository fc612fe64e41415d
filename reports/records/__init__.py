"""Records: the recorded data of a run, and the reading of it.

This module exports the record types, which every other room may import; the other modules read a
run directory (`history`) and its files.
"""

from __future__ import annotations

from reports.records.findings import Evidence, Finding, Status
from reports.records.types import (
    DELETION_FAILED,
    FILES,
    Arrival,
    ArrivalRange,
    AuditRecord,
    ConversationRecord,
    Count,
    Fate,
    FaultWindow,
    HistoryItem,
    LoadMark,
    Outcome,
    ProbeRecord,
    Reading,
    Record,
    Sample,
    Seconds,
    Seen,
    Small,
    TurnRecord,
)
from reports.records.writer import (
    Recorder,
    RecordWriter,
    RunClock,
    chain,
    decoder,
    digest,
    from_json,
    to_json,
)

__all__ = [
    "DELETION_FAILED",
    "FILES",
    "Arrival",
    "ArrivalRange",
    "AuditRecord",
    "ConversationRecord",
    "Count",
    "Evidence",
    "Fate",
    "FaultWindow",
    "Finding",
    "HistoryItem",
    "LoadMark",
    "Outcome",
    "ProbeRecord",
    "Reading",
    "Record",
    "RecordWriter",
    "Recorder",
    "RunClock",
    "Sample",
    "Seconds",
    "Seen",
    "Small",
    "Status",
    "TurnRecord",
    "chain",
    "decoder",
    "digest",
    "from_json",
    "to_json",
]
