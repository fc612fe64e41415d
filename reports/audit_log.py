"""The audits of a run, left on disk: each shows a whole history, and all together fill a memory.

The file is read once to check every line and to learn whose it is, and a conversation's audits are
read again when it is judged.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from pathlib import Path

from reports import lines
from reports.records import AuditRecord, decoder


class AuditLog:
    """Audits by conversation.  Raises HistoryError for a file that is not one of audits."""

    def __init__(self, path: Path) -> None:
        self._places: dict[int, tuple[int, ...]] = {}
        self._count = 0
        self.last_done = 0.0
        """Run time at which the last audit was done, 0 without any."""
        self.stamped: bool | None = None
        """Whether any history begins with a turn's id; None: all are empty."""
        for place, audit in lines.read_placed(path, AuditRecord):
            self._count += 1
            self.last_done = max(self.last_done, audit.done)
            if audit.history and not self.stamped:
                self.stamped = audit.history[0].turn_id is not None
            known = self._places.get(audit.conversation, ())
            self._places[audit.conversation] = (*known, place)
        self._decode = decoder(AuditRecord)
        # Kept open for as long as this lives: what is read later is what was checked.
        self._file = path.open("rb") if self._count else None
        if self._file is not None:
            weakref.finalize(self, self._file.close)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[AuditRecord]:
        for conversation in self._places:
            yield from self.of(conversation)

    def of(self, conversation: int) -> list[AuditRecord]:
        """The audits of a conversation, in the order in which they were asked."""
        if self._file is None:
            return []
        found = []
        for place in self._places.get(conversation, ()):
            self._file.seek(place)
            found.append(self._decode(self._file.readline()))
        return sorted(found, key=lambda audit: audit.at)
