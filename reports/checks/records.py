"""Checks that the records of the run are complete."""

from __future__ import annotations

from collections import Counter

from reports.measures.continuity.all_conversations import take_tallies
from reports.measures.continuity.tallies import EVIDENCE_LINES
from reports.records import FILES, Finding, Sample, Status
from reports.records.history import History

_GATE = "validity.records"
_FEW_SAMPLES = 0.01
"""Damaged share of the samples that hides nothing: Redis and the fleet are sampled every second."""


def check_records(history: History) -> list[Finding]:
    """Gate missing records and damaged lines; no finding without any.

    A few damaged samples are only shown.
    """
    missing = history.once(take_tallies).missing_records
    damaged = Counter(each.file for each in history.damaged)
    if not missing and not damaged:
        return []
    said = []
    if damaged:
        said.append(
            f"Damaged lines of the records, left out: {damaged.total()}, the first is "
            f"{history.damaged[0]}"
        )
    if missing:
        said.append(f"The records of {len(missing)} conversations are incomplete")
    samples = damaged.pop(FILES[Sample], 0)
    harmless = not missing and not damaged and samples <= 1 + _FEW_SAMPLES * len(history.samples)
    evidence = (*map(str, history.damaged), *missing)
    return [
        Finding(
            _GATE,
            "run",
            Status.PASS if harmless else Status.FAIL,
            float(len(missing) or len(history.damaged)),
            None if harmless else 0,
            "conversations" if missing else "lines",
            "; ".join(said),
            evidence[:EVIDENCE_LINES],
        )
    ]
