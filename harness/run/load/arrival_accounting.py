"""Completes the account of the planned arrivals when the load generator could not.

A killed process writes no more records.  The harness outlives every process of the generator and
knows how many arrivals were planned: it writes off each arrival that has no record.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from loadtests.arrivals.ledger import Ledger
from reports.records import (
    FILES,
    ArrivalRange,
    ConversationRecord,
    Fate,
    LoadMark,
    RecordWriter,
    lines,
)


class _Settled(Struct):
    """The only field that is read of a conversation's record."""

    conversation: int


def complete(run_dir: Path, now: float, exit_code: int | None) -> None:
    """Write off every planned arrival that has no record; call it when the generator has ended.

    `exit_code` is what the process in charge of the load ended with by itself, at run time `now`
    or shortly before; None when the harness ended it.  Does nothing for a load that came to its
    end, or that never announced its plan.  Raises HistoryError for a file that is not records.
    """
    marks = list(lines.read(run_dir / FILES[LoadMark], LoadMark))
    names = {mark.mark for mark in marks}
    if "start" not in names or "audited" in names:
        return
    planned = (mark.values["arrivals"] for mark in marks if mark.mark in ("start", "spike"))
    ledger = Ledger(int(sum(planned)))
    for record in lines.read(run_dir / FILES[ConversationRecord], _Settled):
        ledger.settle(record.conversation)
    for each in lines.read(run_dir / FILES[ArrivalRange], ArrivalRange):
        ledger.settle_range(each.first, each.count, each.step)
    fate = Fate.CENSORED if exit_code is None else Fate.LOST
    with RecordWriter(run_dir) as writer:
        for rest in ledger.write_off(fate):
            writer.write(rest)
        if exit_code:
            writer.write(LoadMark(now, "generator-lost", {"exit": float(exit_code)}))
