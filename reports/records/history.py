"""The history of one run: a run directory, read.

Reading accepts the leftovers of a killed run (missing files, a truncated last line), and lists the
damaged lines of a full disk.  Any other line that is not a record is an error, because the
directory may not be a run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from reports.records import (
    FILES,
    ArrivalRange,
    AuditRecord,
    ConversationRecord,
    FaultMark,
    FaultWindow,
    LoadMark,
    ModelCall,
    ProbeRecord,
    Sample,
    TurnRecord,
    declared_faults,
    forecast,
    lines,
    model_calls,
    run_file,
)
from reports.records.columns import Audits, Conversations, Turns
from reports.records.disk_sequence import side_by_side
from reports.records.errors import HistoryError
from reports.records.forecast import MemoryForecast
from reports.records.lines import DamagedLine
from reports.records.model_calls import ModelCalls
from reports.records.run_description import RunDescription

__all__ = ["History", "HistoryError", "read"]

T = TypeVar("T")

Talk = tuple[int, list[ConversationRecord], list[TurnRecord], list[AuditRecord]]
"""A conversation: its index, its records, its turns, and the reads of its session."""


@dataclass(eq=False)
class History:
    """The recorded data of a run.  Do not change it after it was built."""

    name: str
    """The run directory's name."""
    run: RunDescription
    conversations: Conversations = field(default_factory=Conversations)
    unplayed: list[ArrivalRange] = field(default_factory=list)
    """Arrivals without a conversation record, many at once."""
    turns: Turns = field(default_factory=Turns)
    audits: Audits = field(default_factory=Audits)
    faults: list[FaultWindow] = field(default_factory=list)
    """In order of their start."""
    probes: list[ProbeRecord] = field(default_factory=list)
    """Ordered by time."""
    samples: list[Sample] = field(default_factory=list)
    marks: list[LoadMark] = field(default_factory=list)
    forecast: MemoryForecast | None = None
    """The forecast of Redis's memory; None: none was made."""
    calls: ModelCalls = field(default_factory=ModelCalls)
    """The calls of the model, by the log of its stand-in; empty: it has none."""
    call_records: list[ModelCall] = field(default_factory=list)
    """The same calls as records."""
    rehearsed: list[TurnRecord] = field(default_factory=list)
    """The turns of the rehearsal."""
    damaged: list[DamagedLine] = field(default_factory=list)
    """Lines of the run directory that are not whole, and were skipped."""

    def __post_init__(self) -> None:
        self._known: dict[Callable[[History], Any], Any] = {}

    def once(self, derive: Callable[[History], T]) -> T:
        """The result of `derive` for this history, computed at most once."""
        if derive not in self._known:
            self._known[derive] = derive(self)
        result: T = self._known[derive]
        return result

    def talks(self) -> Iterator[Talk]:
        """Every conversation with any record, ascending."""
        return side_by_side(self.conversations, self.turns, self.audits)

    @property
    def stamps_turn_ids(self) -> bool:
        """Whether the service stores the turn's id on events.  Without it, audits prove nothing."""
        return self.audits.stamped is not False

    @cached_property
    def samples_by_source(self) -> dict[str, list[Sample]]:
        """The samples of each source, in order of time."""
        groups: defaultdict[str, list[Sample]] = defaultdict(list)
        for record in self.samples:
            groups[record.source].append(record)
        for group in groups.values():
            group.sort(key=lambda record: record.t)
        return dict(groups)

    def mark(self, name: str) -> LoadMark | None:
        """The first load mark with this name; None: the load never reached it."""
        return next((mark for mark in self.marks if mark.mark == name), None)

    @cached_property
    def planned_arrivals(self) -> int | None:
        """The number of planned arrivals, including those of spikes; None: unknown."""
        start = self.mark("start")
        if start is None or "arrivals" not in start.values:
            return None
        return int(start.values["arrivals"]) + self.spike_arrivals

    @cached_property
    def spike_arrivals(self) -> int:
        """The number of arrivals that faults of the load added to the plan."""
        spikes = (mark for mark in self.marks if mark.mark == "spike")
        return sum(int(mark.values.get("arrivals", 0)) for mark in spikes)

    @cached_property
    def load_start(self) -> float | None:
        """Run time of the start of the arrivals; None: they never began."""
        mark = self.mark("start")
        return None if mark is None else mark.t

    @cached_property
    def load_end(self) -> float | None:
        """Run time of the end of the last conversation (in a run cut short, of the last turn)."""
        return _load_end(self.marks, self.turns)

    @cached_property
    def cut_short(self) -> bool:
        """Whether the load did not reach its end: the run was interrupted, or it died."""
        return self.mark("audited") is None

    @cached_property
    def last_moment(self) -> float:
        """Run time of the last record, at least 0."""
        return max(
            0.0,
            max(self.turns.done, default=0.0),
            self.audits.last_done,
            max((sample.t for sample in self.samples), default=0.0),
            max((mark.t for mark in self.marks), default=0.0),
            max((fault.end for fault in self.faults), default=0.0),
        )


def _load_end(marks: list[LoadMark], turns: Turns) -> float | None:
    mark = next((mark for mark in marks if mark.mark == "end"), None)
    return max(turns.done, default=None) if mark is None else mark.t


def read(run_dir: Path) -> History:
    """Read a run directory.

    Damaged lines are skipped and listed.  Raises HistoryError, with a sentence that names the file
    and the line, for anything else.
    """
    damaged: list[DamagedLine] = []

    def records(kind: type[T]) -> list[T]:
        return list(lines.read(run_dir / FILES[kind], kind, damaged))

    run, logged = run_file.read(run_dir, RunDescription), records(ModelCall)
    conversations = Conversations(run_dir / FILES[ConversationRecord])
    turns = Turns(run_dir / FILES[TurnRecord])
    audits = Audits(run_dir / FILES[AuditRecord])
    damaged += [*conversations.damaged, *turns.damaged, *audits.damaged]
    marks = sorted(records(LoadMark), key=lambda mark: mark.t)
    played = records(FaultWindow)
    load_end = _load_end(marks, turns)
    declared = [
        *declared_faults.of_marks(records(FaultMark), 0.0 if load_end is None else load_end),
        *declared_faults.stored(run_dir, damaged),
    ]
    taken = {*run.planned_faults, *(fault.id for fault in played)}
    faults = [*played, *declared_faults.named_apart(declared, taken)]
    return History(
        name=run_dir.resolve().name,
        run=run,
        conversations=conversations,
        unplayed=records(ArrivalRange),
        turns=turns,
        audits=audits,
        faults=sorted(faults, key=lambda fault: fault.start),
        probes=sorted(records(ProbeRecord), key=lambda probe: probe.at),
        samples=records(Sample),
        marks=marks,
        forecast=forecast.read(run_dir),
        calls=ModelCalls(logged),
        call_records=logged,
        rehearsed=model_calls.read_rehearsal(run_dir, damaged),
        damaged=damaged,
    )
