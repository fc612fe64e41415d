"""What the conversations of a run showed: counted, with the first of each violation."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from reports.measures.continuity.contents import Contents
from reports.measures.continuity.violations import Violation

EVIDENCE_LINES = 20


@dataclass
class Tally:
    """The violations of one class: all counted, the first ones kept."""

    turns: int = 0
    """How many turns they concern."""
    conversations: int = 0
    first: list[Violation] = field(default_factory=list)
    _latest: int | None = None

    def add(self, violation: Violation) -> None:
        """Count one; those of a conversation come one after the other."""
        self.turns += violation.count
        self.conversations += violation.conversation != self._latest
        self._latest = violation.conversation
        if len(self.first) < EVIDENCE_LINES:
            self.first.append(violation)


@dataclass
class Census:
    """What the conversations of a run showed."""

    violations: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    doubts: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    """What would be a violation, had it no other explanation: neither proven nor disproven."""
    opened: int = 0
    """Conversations whose session the service acknowledged."""
    audited: int = 0
    """Of these, how many gave an answer that can be judged when they were read back."""
    nameless: int = 0
    """Reads that found a session and did not say whose it is."""
    acknowledged: int = 0
    """Turns acknowledged."""
    witnessed: int = 0
    """Of these, how many came with a witness that could be judged."""
    read_late: int = 0
    """Reads at a time when the session must be gone."""
    within_durability: int = 0
    repeated: int = 0
    """Turns that happened more than once, at a target that never promised otherwise."""
    contents: Contents = field(default_factory=Contents)
    notes: int = 0
    """What agents said without having been asked."""
    otherwise: Counter[str] = field(default_factory=Counter)
    """Turns in no fault's reach whose `message` or `reply` is stored with another text."""
    otherwise_anywhere: Counter[str] = field(default_factory=Counter)
    """The same, in a fault's reach or not."""
    stored_otherwise: int = 0
    """Turns that the application, and not the store, gave another text."""
    gaps: list[str] = field(default_factory=list)
    """What is missing of what was recorded, one conversation each."""

    def doubt(self, kinds: Iterable[str]) -> None:
        """What was found of these classes proves nothing."""
        for kind in kinds:
            if kind in self.violations:
                self.doubts[kind] = self.violations.pop(kind)

    def convict(self, violations: Iterable[Violation]) -> None:
        """Count the violations of one conversation, each once."""
        known: set[tuple[str, str | None]] = set()
        for violation in violations:
            key = (violation.kind, violation.turn_id)
            if key not in known:
                known.add(key)
                self.violations[violation.kind].add(violation)
