"""Records: the recorded data of a run, and the reading of it.

This module exports the record types, which every other room may import; the other modules read a
run directory (`history`) and its files.
"""

from __future__ import annotations

from reports.records.fault_mark import FaultMark
from reports.records.findings import Evidence, Finding, Status
from reports.records.model_call import ModelCall, Signatures
from reports.records.numbers import Count, Reading, Seconds, Small
from reports.records.types import (
    DELETION_FAILED,
    FILES,
    NOT_SHOWN,
    ROLLBACK,
    Arrival,
    ArrivalRange,
    ArtifactItem,
    AuditRecord,
    ConversationRecord,
    Fate,
    FaultWindow,
    HistoryItem,
    Likeness,
    LoadMark,
    Outcome,
    ProbeRecord,
    Record,
    Sample,
    Seen,
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
    "NOT_SHOWN",
    "ROLLBACK",
    "Arrival",
    "ArrivalRange",
    "ArtifactItem",
    "AuditRecord",
    "ConversationRecord",
    "Count",
    "Evidence",
    "Fate",
    "FaultMark",
    "FaultWindow",
    "Finding",
    "HistoryItem",
    "Likeness",
    "LoadMark",
    "ModelCall",
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
    "Signatures",
    "Small",
    "Status",
    "TurnRecord",
    "chain",
    "decoder",
    "digest",
    "from_json",
    "to_json",
]
