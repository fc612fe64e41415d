"""Checks that the records of the run are complete."""

from __future__ import annotations

from reports.measures.continuity.all_conversations import take_tallies
from reports.measures.continuity.tallies import EVIDENCE_LINES
from reports.records import Finding, Status
from reports.records.history import History


def check_records(history: History) -> list[Finding]:
    """Gate missing records; no finding if none are missing."""
    missing = history.once(take_tallies).missing_records
    if not missing:
        return []
    summary = f"The records of {len(missing)} conversations are incomplete"
    evidence = tuple(missing[:EVIDENCE_LINES])
    return [
        Finding(
            "validity.records",
            "run",
            Status.FAIL,
            float(len(missing)),
            0,
            "conversations",
            summary,
            evidence,
        )
    ]
