"""The history of one run: a run directory, read.

Reading forgives what a killed run leaves behind (missing files, a last line cut off) and nothing
else: any other line that is not a record means that this is not what we think it is.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from reports.errors import HistoryError
from reports.records import (
    FILES,
    AuditRecord,
    ConversationRecord,
    FaultWindow,
    LoadMark,
    Sample,
    TurnRecord,
    from_json,
)
from reports.run_info import RunInfo, read_run_info

__all__ = ["History", "HistoryError", "read"]

T = TypeVar("T")


@dataclass(eq=False)
class History:
    """Everything that was recorded of a run.  Not to be changed after it was built."""

    name: str
    """The run directory's name."""
    run: RunInfo
    conversations: list[ConversationRecord] = field(default_factory=list)
    turns: list[TurnRecord] = field(default_factory=list)
    audits: list[AuditRecord] = field(default_factory=list)
    faults: list[FaultWindow] = field(default_factory=list)
    """In order of their start."""
    samples: list[Sample] = field(default_factory=list)
    marks: list[LoadMark] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._known: dict[Callable[[History], Any], Any] = {}

    def once(self, derive: Callable[[History], T]) -> T:
        """What `derive` makes of this history, computed at most once."""
        if derive not in self._known:
            self._known[derive] = derive(self)
        result: T = self._known[derive]
        return result

    @cached_property
    def conversation_by_index(self) -> dict[int, ConversationRecord]:
        """Conversation records by their arrival's index."""
        return {record.conversation: record for record in self.conversations}

    @cached_property
    def turns_by_conversation(self) -> dict[int, list[TurnRecord]]:
        """The turns of each conversation, in the order in which the customer took them."""
        groups: defaultdict[int, list[TurnRecord]] = defaultdict(list)
        for record in self.turns:
            groups[record.conversation].append(record)
        for group in groups.values():
            group.sort(key=lambda record: record.turn)
        return dict(groups)

    @cached_property
    def audits_by_conversation(self) -> dict[int, list[AuditRecord]]:
        """The audits of each conversation, in the order in which they were asked."""
        groups: defaultdict[int, list[AuditRecord]] = defaultdict(list)
        for record in self.audits:
            groups[record.conversation].append(record)
        for group in groups.values():
            group.sort(key=lambda record: record.at)
        return dict(groups)

    @cached_property
    def turn_owner(self) -> dict[str, int]:
        """Which conversation sent a turn id."""
        return {record.turn_id: record.conversation for record in self.turns}

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
        """The first load mark of that name; None: the load never got there."""
        return next((mark for mark in self.marks if mark.mark == name), None)

    @cached_property
    def load_start(self) -> float | None:
        """Run time at which the arrivals began; None: they never did."""
        mark = self.mark("start")
        return None if mark is None else mark.t

    @cached_property
    def load_end(self) -> float | None:
        """Run time at which the last conversation ended (or, in a run cut short, the last turn)."""
        mark = self.mark("end")
        if mark is not None:
            return mark.t
        return max((turn.done for turn in self.turns), default=None)

    @cached_property
    def cut_short(self) -> bool:
        """True when the load did not come to its end: the run was interrupted, or it died."""
        return self.mark("audited") is None

    @cached_property
    def last_moment(self) -> float:
        """Run time of the last thing that was recorded, at least 0."""
        return max(
            0.0,
            max((turn.done for turn in self.turns), default=0.0),
            max((audit.done for audit in self.audits), default=0.0),
            max((sample.t for sample in self.samples), default=0.0),
            max((mark.t for mark in self.marks), default=0.0),
            max((fault.end for fault in self.faults), default=0.0),
        )


def read(run_dir: Path) -> History:
    """Read a run directory.

    Raises HistoryError, with a sentence that names the file and the line, when it is not one.
    """
    return History(
        name=run_dir.resolve().name,
        run=read_run_info(run_dir),
        conversations=_read(run_dir, ConversationRecord),
        turns=_read(run_dir, TurnRecord),
        audits=_read(run_dir, AuditRecord),
        faults=sorted(_read(run_dir, FaultWindow), key=lambda fault: fault.start),
        samples=_read(run_dir, Sample),
        marks=sorted(_read(run_dir, LoadMark), key=lambda mark: mark.t),
    )


_NUMBERS: dict[type[Any], tuple[str, ...]] = {
    ConversationRecord: ("conversation", "due"),
    TurnRecord: ("conversation", "turn", "due", "sent", "done", "attempts"),
    AuditRecord: ("conversation", "at", "done"),
    FaultWindow: ("start", "end"),
    Sample: ("t",),
    LoadMark: ("t",),
}
"""Fields that everything else computes with: wrong there is better said here, with a line."""


def _read(run_dir: Path, kind: type[T]) -> list[T]:
    path = run_dir / FILES[kind]
    numbers = _NUMBERS[kind]
    records: list[T] = []
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    record = from_json(kind, line.decode())
                    for name in numbers:
                        value = getattr(record, name)
                        if not math.isfinite(value):
                            raise ValueError(f"{name}: {value!r} is not a finite number")
                except (ValueError, TypeError, LookupError) as error:
                    if not line.endswith(b"\n"):
                        break  # the writer was killed in the middle of its last line
                    raise HistoryError(
                        f"{path}: line {number}: expected a {kind.__name__}: {error}"
                    ) from None
                records.append(record)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise HistoryError(f"{path}: cannot be read: {error.strerror}") from None
    return records
