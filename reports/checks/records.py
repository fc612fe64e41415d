"""Whether the records that the verdict hangs on are all there."""

from __future__ import annotations

from reports.measures.continuity.all_conversations import take_census
from reports.measures.continuity.tallies import EVIDENCE_LINES
from reports.records import Finding, Status
from reports.records.history import History


def check_records(history: History) -> list[Finding]:
    """Gate what is missing; nothing to say about a run of which nothing is."""
    gaps = history.once(take_census).gaps
    if not gaps:
        return []
    summary = f"Of {len(gaps)} conversations not all is there that was recorded"
    evidence = tuple(gaps[:EVIDENCE_LINES])
    return [
        Finding(
            "validity.records",
            "run",
            Status.FAIL,
            float(len(gaps)),
            0,
            "conversations",
            summary,
            evidence,
        )
    ]
