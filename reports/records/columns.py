"""Turns, conversations and audits of a run, each with the columns that the checks need."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from operator import sub
from zlib import crc32

from msgspec.structs import replace

from reports.records import (
    DELETION_FAILED,
    AuditRecord,
    ConversationRecord,
    Fate,
    Outcome,
    TurnRecord,
)
from reports.records.disk_sequence import Filed

OK, FAIL, INFO = range(3)
"""The outcome of a turn: the lowest bits of its `state`."""
OUTCOME = 3
WORDLESS = 4
"""It ended without a reply."""
RETRIED = 8
"""It took more than one attempt."""
TROUBLED = 16
"""An attempt of it failed."""
UNSEEN = 32
"""It ended with a reply that carries no witness of the model."""

UNANSWERED, GONE, FOUND = range(3)
"""The result of a read of a session."""

_STATUS = {"found": FOUND, "gone": GONE}
_OUTCOMES = {Outcome.OK: OK, Outcome.FAIL: FAIL, Outcome.INFO: INFO}
_OPEN = math.nan
"""A missing time in a column."""


class Turns(Filed[TurnRecord]):
    """The turns of a run."""

    kind = TurnRecord

    def _take(self, chunks: Iterator[list[TurnRecord]]) -> None:
        self.turn = array("i")
        self.due, self.sent, self.done = array("d"), array("d"), array("d")
        self.first_token = array("d")
        """NaN if there was none."""
        self.state = bytearray()
        """The outcome, and `WORDLESS`, `RETRIED`, `TROUBLED`, `UNSEEN`."""
        self.replica = array("I")
        """An index into `replicas`; 0: no answer."""
        self.replicas: list[str | None] = [None]
        self.attempts = 0
        """The sum over all turns."""
        known: dict[str | None, int] = {None: 0}
        for chunk in chunks:
            self.conversation.fromlist([record.conversation for record in chunk])
            self.turn.fromlist([record.turn for record in chunk])
            self.due.fromlist([record.due for record in chunk])
            self.sent.fromlist([record.sent for record in chunk])
            self.done.fromlist([record.done for record in chunk])
            self.first_token.fromlist(_moments([record.first_token for record in chunk]))
            self.state.extend(map(_state, chunk))
            self.attempts += sum([record.attempts for record in chunk])
            names = [record.replica for record in chunk]
            self.replica.fromlist(_numbered(names, known, self.replicas))

    @property
    def _within(self) -> array[int]:
        return self.turn

    @cached_property
    def latency(self) -> array[float]:
        """Seconds from the intended time of each turn to its end."""
        return array("d", map(sub, self.done, self.due))

    @property
    def answered(self) -> int:
        """The number of turns acknowledged with a reply."""
        return self.count(lambda state: not state & (OUTCOME | WORDLESS))

    def count(self, wanted: Callable[[int], bool]) -> int:
        """The number of turns with such a state."""
        states = range(2 * UNSEEN)
        return sum(self.state.count(state) for state in states if wanted(state))

    def which(self, wanted: Callable[[int], bool]) -> bytearray:
        """1 for each turn with such a state, else 0: selectors for `itertools.compress`."""
        return self.state.translate(bytes(map(wanted, range(256))))

    def sent_as(self, turn_id: str) -> TurnRecord | None:
        """The turn with this id, in any conversation; None: it was never sent."""
        wanted, index = _hash(turn_id), self._by_id
        place = bisect_left(index, wanted << _NUMBER_BITS)
        found = None
        while place < len(index) and index[place] >> _NUMBER_BITS == wanted:
            record = self[index[place] & _NUMBER]
            if record.turn_id == turn_id:
                found = record
            place += 1
        return found

    @cached_property
    def _by_id(self) -> array[int]:
        # Built only if a history shows a foreign turn, since it takes eight bytes for each turn.
        return array(
            "Q",
            sorted(_hash(t.turn_id) << _NUMBER_BITS | number for number, t in enumerate(self)),
        )


def _numbered(
    names: Sequence[str | None], known: dict[str | None, int], all_names: list[str | None]
) -> list[int]:
    """The number of each name; new ones are added to both."""
    for name in dict.fromkeys(names):
        if name not in known:
            known[name] = len(all_names)
            all_names.append(name)
    return [known[name] for name in names]


def _state(record: TurnRecord) -> int:
    flags = _OUTCOMES[record.outcome]
    if record.reply is None:
        flags |= WORDLESS
    elif record.seen is None:
        flags |= UNSEEN
    if record.attempts > 1:
        flags |= RETRIED
    if record.error is not None:
        flags |= TROUBLED
    return flags


def is_acknowledged(state: int) -> bool:
    """Whether a turn with this state was acknowledged."""
    return state & OUTCOME == OK


_NUMBER_BITS = 32
_NUMBER = (1 << _NUMBER_BITS) - 1


def _hash(turn_id: str) -> int:
    return crc32(turn_id.encode())


class Conversations(Filed[ConversationRecord]):
    """The conversations, one for each planned arrival."""

    kind = ConversationRecord

    def _take(self, chunks: Iterator[list[ConversationRecord]]) -> None:
        self.due, self.started, self.ended = array("d"), array("d"), array("d")
        self.opened = array("d")
        """NaN if it did not, as in `started` and `ended`."""
        self.fate = bytearray()
        """An index into `FATES`."""
        self.deleted = array("d")
        """NaN if its session was not."""
        self.undeleted = array("I")
        """The numbers of conversations whose session could not be deleted."""
        self.turns_planned = 0
        """The sum over all conversations."""
        for chunk in chunks:
            for number, record in enumerate(chunk, len(self)):
                if record.error is not None and record.error.startswith(DELETION_FAILED):
                    self.undeleted.append(number)
            self.conversation.fromlist([record.conversation for record in chunk])
            self.due.fromlist([record.due for record in chunk])
            self.started.fromlist(_moments([record.started for record in chunk]))
            self.opened.fromlist(_moments([record.opened for record in chunk]))
            self.ended.fromlist(_moments([record.ended for record in chunk]))
            self.fate.extend([_FATES[record.fate] for record in chunk])
            self.turns_planned += sum([record.turns_planned for record in chunk])
            self.deleted.fromlist(_moments([record.deleted for record in chunk]))

    @property
    def deletions(self) -> int:
        """The number of deleted sessions."""
        return len(self) - sum(map(math.isnan, self.deleted))

    def count(self, fate: Fate) -> int:
        """The number of conversations with this fate."""
        return self.fate.count(_FATES[fate])

    @cached_property
    def fates(self) -> Counter[Fate]:
        """Fate → number of conversations; of two records of one conversation the last counts."""
        fates, last = list(Fate), dict(zip(self.conversation, self.fate, strict=True))
        return Counter({fates[number]: count for number, count in Counter(last.values()).items()})


def _moments(times: list[float | None]) -> list[float]:
    return [_OPEN if t is None else t for t in times]


_FATES = {fate: number for number, fate in enumerate(Fate)}


class Audits(Filed[AuditRecord]):
    """The reads of sessions."""

    kind = AuditRecord

    def _take(self, chunks: Iterator[list[AuditRecord]]) -> None:
        self.at, self.done = array("d"), array("d")
        self.status = bytearray()
        """`UNANSWERED`, `GONE` or `FOUND`."""
        self.replica = array("I")
        """An index into `replicas`; 0: no answer."""
        self.replicas: list[str | None] = [None]
        self.at_end = bytearray()
        """1 for a read at the end of a conversation, 0 for one after its TTL or its deletion."""
        self.last_done = 0.0
        """Run time at which the last audit was done, 0 without any."""
        self.stamped: bool | None = None
        """Whether any history has a turn's id; None: all are empty."""
        self.with_artifacts: list[AuditRecord] = []
        """The reads that show artifacts, without the history."""
        known: dict[str | None, int] = {None: 0}
        for chunk in chunks:
            self.conversation.fromlist([audit.conversation for audit in chunk])
            names = [audit.replica for audit in chunk]
            self.replica.fromlist(_numbered(names, known, self.replicas))
            self.at.fromlist([audit.at for audit in chunk])
            self.done.fromlist([audit.done for audit in chunk])
            self.status.extend([_STATUS.get(audit.status, UNANSWERED) for audit in chunk])
            self.at_end.extend([audit.when == "end" for audit in chunk])
            for audit in chunk:
                if audit.artifacts:
                    self.with_artifacts.append(replace(audit, history=(), state=None))
                if audit.history and not self.stamped:
                    self.stamped = any(item.turn_id is not None for item in audit.history)
        self.last_done = max(0.0, max(self.done, default=0.0))

    @property
    def _within(self) -> array[float]:
        return self.at
