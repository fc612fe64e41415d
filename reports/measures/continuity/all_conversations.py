"""Every conversation of a run, judged: what `result.json` counts of continuity."""

from __future__ import annotations

from array import array

from reports.gates import VIOLATIONS
from reports.measures.continuity.conversation_judge import ConversationJudge
from reports.measures.continuity.durability import declared_losses, may_lose
from reports.measures.continuity.fast_path import audits_are, turns_are
from reports.measures.continuity.missing_records import missing, unrecorded_faults, was_opened
from reports.measures.continuity.rewritten import at_once, calm, judge_suspects
from reports.measures.continuity.tallies import Census, Tally
from reports.records import AuditRecord, ConversationRecord, TurnRecord
from reports.records.history import History

MAY_BE_A_FAULTS = ("lost", "truncated", "reordered", "resurrected", "context_missed")
"""What a fault that is not recorded may explain: the server may have lost what it had taken."""


def take_census(history: History) -> Census:
    """Judge every conversation."""
    census, suspects = Census(), array("q")
    lost = history.once(may_lose)
    for index, records, turns, audits in history.talks():
        gap = missing(records, turns, audits)
        if gap is not None:
            # It convicts nobody, and shows nothing.
            census.gaps.append(f"conversation {index}: {gap}")
            census.opened += was_opened(records, turns)
            continue
        (record,) = records
        census.contents.compare(record, turns, audits, lambda t: not lost(t.sent, t.done))
        plain = _is_plain(history, record, turns, audits)
        if plain and _took_the_short_way(history, census, record, turns, audits):
            continue
        judge = ConversationJudge(history, index, record, census)
        violations = judge.judge(turns, audits, plain=plain)
        if judge.otherwise or judge.other_context:
            # Whether the store did it is known when all conversations have been read.
            census.otherwise.update(calm(history, turns, judge.otherwise))
            census.otherwise_anywhere.update(at_once(turns, judge.otherwise))
            suspects.append(index)
        else:
            census.convict(violations)
    if suspects:
        judge_suspects(history, census, suspects)
    if not history.cut_short and unrecorded_faults(history):
        census.doubt(MAY_BE_A_FAULTS)
    return census


def _is_plain(
    history: History,
    record: ConversationRecord,
    turns: list[TurnRecord],
    audits: list[AuditRecord],
) -> bool:
    """Whether its turns need no explanation, and what was read came after all of them."""
    if record.opened is None or not turns or not history.run.ttl_known:
        return False
    losses = history.once(declared_losses)
    for loss in losses:
        if loss.since <= turns[-1].done and record.opened <= loss.heard:
            return False
    return turns_are(record, turns, audits, history.run.ttl_seconds)


def _took_the_short_way(
    history: History,
    census: Census,
    record: ConversationRecord,
    turns: list[TurnRecord],
    audits: list[AuditRecord],
) -> bool:
    """Whether what was read needs no explanation either; `_is_plain` is known to hold."""
    if not history.stamps_turn_ids:
        return False
    found = audits_are(record, turns, audits, history.run.ttl_seconds)
    if found is None:
        return False
    census.opened += 1
    census.audited += found.audited
    census.acknowledged += len(turns)
    census.witnessed += len(turns)
    census.read_late += found.read_late
    return True


def counts(census: Census) -> dict[str, int]:
    """The census as result.json shows it."""
    return {
        **{kind: census.violations.get(kind, Tally()).turns for kind in VIOLATIONS},
        "conversations_audited": census.audited,
        "turns_witnessed": census.witnessed,
        "within_durability": census.within_durability,
    }
