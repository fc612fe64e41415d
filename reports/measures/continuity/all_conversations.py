"""Judges every conversation of a run, for the counts of continuity in `result.json`."""

from __future__ import annotations

from array import array

from reports.gates import VIOLATIONS
from reports.measures.continuity.call_witness import all_whole
from reports.measures.continuity.contents import Contents
from reports.measures.continuity.conversation_judge import ConversationJudge
from reports.measures.continuity.durability import declared_losses, may_lose
from reports.measures.continuity.fast_path import audits_are, turns_are
from reports.measures.continuity.joined_calls import join
from reports.measures.continuity.missing_records import (
    lacks_calls,
    lacks_faults,
    missing,
    was_opened,
)
from reports.measures.continuity.rewritten import judge_suspects
from reports.measures.continuity.tallies import Tallies, Tally
from reports.records import AuditRecord, ConversationRecord, TurnRecord
from reports.records.history import History

MAY_BE_A_FAULTS = ("lost", "truncated", "reordered", "resurrected", "context_missed", "half_turn")
"""The classes that an unrecorded fault may explain: the server may have lost its writes, or an
attempt may have been delayed."""
MAY_BE_A_CALLS = ("context_missed", "resurrected")
"""The classes that a call of the model without a record may explain."""


def take_tallies(history: History) -> Tallies:
    """Judge every conversation."""
    tallies = Tallies(contents=Contents(agent_is_ours=history.run.agent_is_ours))
    suspects = array("q")
    fast_path = _FastPath(history, tallies)
    lost = history.once(may_lose)

    def durable(turn: TurnRecord) -> bool:
        return not lost(turn.sent, turn.done)

    for index, records, turns, audits in history.talks():
        gap = missing(records, turns, audits)
        if gap is not None:
            # An incomplete record neither convicts nor acquits.
            tallies.missing_records.append(f"conversation {index}: {gap}")
            tallies.opened += was_opened(records, turns)
            continue
        (record,) = records
        tallies.contents.compare(record, turns, audits, durable)
        plain = fast_path.is_plain(record, turns, audits)
        if plain and fast_path.took(record, turns, audits):
            continue
        judge = ConversationJudge(history, index, record, tallies)
        violations = judge.judge(turns, audits, plain=plain)
        if judge.otherwise or judge.other_context:
            # Whether the store is the cause is known only after all conversations were read.
            tallies.differing.take(history, turns, judge.otherwise, audits)
            suspects.append(index)
        else:
            tallies.convict(violations)
    if suspects:
        judge_suspects(history, tallies, suspects)
    for violation in tallies.perhaps_expired.unexplained():
        tallies.doubts["lost"].add(violation)
    if tallies.shared:
        tallies.convict_shared(history.once(join).sharers)
    if lacks_faults(history):
        tallies.doubt(MAY_BE_A_FAULTS)
    if lacks_calls(history):
        tallies.doubt(MAY_BE_A_CALLS)
    return tallies


class _FastPath:
    """Decides which conversations take the fast path, by rules that are looked up once."""

    def __init__(self, history: History, tallies: Tallies) -> None:
        self._history, self._tallies = history, tallies
        self._losses = history.once(declared_losses)
        self._witnessed = len(history.calls) > 0
        self._stamped, self._ttl_known = history.stamps_turn_ids, history.run.ttl_known
        self._ttl = history.run.ttl_seconds

    def is_plain(
        self, record: ConversationRecord, turns: list[TurnRecord], audits: list[AuditRecord]
    ) -> bool:
        """Whether its turns need no explanation, and all reads came after them."""
        if record.opened is None or not turns or not self._ttl_known:
            return False
        for loss in self._losses:
            if loss.since <= turns[-1].done and record.opened <= loss.heard:
                return False
        if self._witnessed and not all_whole(self._history, turns):
            return False
        return turns_are(record, turns, audits, self._ttl, self._witnessed)

    def took(
        self, record: ConversationRecord, turns: list[TurnRecord], audits: list[AuditRecord]
    ) -> bool:
        """Whether its reads need no explanation either; it must be plain."""
        found = audits_are(record, turns, audits, self._ttl) if self._stamped else None
        if found is None:
            return False
        tallies = self._tallies
        tallies.opened += 1
        tallies.audited += found.audited
        tallies.acknowledged += len(turns)
        tallies.witnessed += len(turns)
        tallies.read_late += found.read_late
        return True


def counts(tallies: Tallies) -> dict[str, int]:
    """The tallies as result.json shows them."""
    return {
        **{kind: tallies.violations.get(kind, Tally()).turns for kind in VIOLATIONS},
        "conversations_audited": tallies.audited,
        "turns_witnessed": tallies.witnessed,
        "within_durability": tallies.within_durability,
    }
