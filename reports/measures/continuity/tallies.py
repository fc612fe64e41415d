"""Counts the results of a run's conversations, with the first violations of each class."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reports.measures.continuity.contents import Contents
from reports.measures.continuity.differing import DifferingTexts
from reports.measures.continuity.perhaps_expired import PerhapsExpired
from reports.measures.continuity.violations import Violation

EVIDENCE_LINES = 20


@dataclass
class Tally:
    """The violations of one class: all counted, the first ones kept."""

    turns: int = 0
    """The number of affected turns."""
    conversations: int = 0
    first: list[Violation] = field(default_factory=list)
    _latest: int | None = None

    def add(self, violation: Violation) -> None:
        """Count one; a conversation's violations must be counted in a row."""
        self.turns += violation.count
        self.conversations += violation.conversation != self._latest
        self._latest = violation.conversation
        if len(self.first) < EVIDENCE_LINES:
            self.first.append(violation)


@dataclass
class Tallies:
    """The results of a run's conversations."""

    violations: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    doubts: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    """Possible violations that have another explanation: neither proven nor disproven."""
    opened: int = 0
    """Conversations whose session the service acknowledged."""
    audited: int = 0
    """Of these, the ones whose read-back gave an answer that can be judged."""
    unread: Counter[str] = field(default_factory=Counter)
    """Reads without an answer that can be judged, by their errors."""
    nameless: int = 0
    """Reads that found a session without its owner's name."""
    acknowledged: int = 0
    """Turns acknowledged."""
    witnessed: int = 0
    """Of these, the ones with a witness that could be judged."""
    by_design: int = 0
    """Of these, the ones by agents that leave messages out by design."""
    shared: defaultdict[int, list[Violation]] = field(default_factory=lambda: defaultdict(list))
    """Call that shows too little, and may be of several turns -> a violation for each of them."""
    read_late: int = 0
    """Reads at a time when the session must be gone."""
    within_durability: int = 0
    repeated: int = 0
    """Repeated turns of a target that does not promise to prevent them."""
    contents: Contents = field(default_factory=Contents)
    notes: int = 0
    """Texts of agents without a request."""
    differing: DifferingTexts = field(default_factory=DifferingTexts)
    """The texts that are stored otherwise than they were said."""
    stored_otherwise: int = 0
    """Turns whose text was changed by the application, not by the store."""
    perhaps_expired: PerhapsExpired = field(default_factory=PerhapsExpired)
    missing_records: list[str] = field(default_factory=list)
    """Missing records, one line per conversation."""

    def doubt(self, kinds: Iterable[str]) -> None:
        """Turn violations of these classes into doubts."""
        for kind in kinds:
            if kind in self.violations:
                self.doubts[kind] = self.violations.pop(kind)

    def convict_shared(self, sharers: Mapping[int, int]) -> None:
        """Convict the first turn of each call that shows too little for all of its turns.

        `sharers`: such a call -> the number of its turns.
        """
        convicted: set[str | None] = set()
        for call, violations in sorted(self.shared.items()):
            first = violations[0]
            if len(violations) == sharers[call] and first.turn_id not in convicted:
                convicted.add(first.turn_id)
                self.violations[first.kind].add(first)

    def convict(self, violations: Iterable[Violation]) -> None:
        """Count the violations of one conversation, each once."""
        known: set[tuple[str, str | None]] = set()
        for violation in violations:
            key = (violation.kind, violation.turn_id)
            if key not in known:
                known.add(key)
                self.violations[violation.kind].add(violation)
