"""The size of the database that holds the sessions: reported, and never failed."""

from __future__ import annotations

from reports.measures.database_size import measure
from reports.records import Finding, Status
from reports.records.history import History

_MIB = 1024 * 1024


def check_database(history: History) -> list[Finding]:
    """The growth of the database; nothing where there was none that could be asked."""
    size = measure(history)
    if size is None:
        return []
    summary = f"The database grew from {size.before / _MIB:.1f} to {size.last / _MIB:.1f} MiB"
    if size.per_turn is not None:
        summary += f", {size.per_turn / 1024:.1f} KiB for each of {size.turns:,} turns"
    grown = size.last - size.before
    return [Finding("memory.database", "run", Status.PASS, grown, None, "bytes", summary)]
