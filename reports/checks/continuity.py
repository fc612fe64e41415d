"""Continuity: did every conversation survive?  One gate for every class of violation."""

from __future__ import annotations

from reports.checks import contents
from reports.checks.blameless import audits_are, turns_are
from reports.checks.census import Census, Tally
from reports.checks.conversation_judge import ConversationJudge
from reports.checks.durability import declared_losses, may_lose
from reports.checks.gaps import missing
from reports.checks.violations import CLASSES
from reports.history import History
from reports.records import AuditRecord, ConversationRecord, Finding, Status, TurnRecord

UNVERIFIED_SHARE = 0.01
"""More conversations than this without an answered audit, and continuity is not known."""


def take_census(history: History) -> Census:
    """Judge every conversation."""
    census = Census()
    lost = history.once(may_lose)
    for index, records, turns, audits in history.talks():
        record = records[-1] if records else None
        gap = missing(record, turns, audits)
        if gap is None:
            census.contents.compare(record, turns, audits, lambda t: not lost(t.sent, t.done))
        plain = gap is None and _is_plain(history, record, turns, audits)
        if gap is not None:
            census.gaps.append(f"conversation {index}: {gap}")
        elif plain and _took_the_short_way(history, census, record, turns, audits):
            continue
        known: set[tuple[str, str | None]] = set()
        judge = ConversationJudge(history, index, record, census, whole=gap is None)
        for violation in judge.judge(turns, audits, plain=plain):
            key = (violation.kind, violation.turn_id)
            if key not in known:
                known.add(key)
                census.violations[violation.kind].add(violation)
    return census


def _is_plain(
    history: History,
    record: ConversationRecord | None,
    turns: list[TurnRecord],
    audits: list[AuditRecord],
) -> bool:
    """Whether its turns need no explanation, and what was read came after all of them."""
    if record is None or record.opened is None or not turns or not history.run.ttl_known:
        return False
    losses = history.once(declared_losses)
    if any(since <= turns[-1].done and record.opened <= heard for since, _, heard in losses):
        return False
    return turns_are(record, turns, audits, history.run.ttl_seconds)


def _took_the_short_way(
    history: History,
    census: Census,
    record: ConversationRecord | None,
    turns: list[TurnRecord],
    audits: list[AuditRecord],
) -> bool:
    """Whether what was read needs no explanation either; `_is_plain` is known to hold."""
    if record is None or not history.stamps_turn_ids:
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


def check_continuity(history: History) -> list[Finding]:
    """One finding for each class of violation, and one for what was lost as declared, if any."""
    census = history.once(take_census)
    findings = [_finding(history, census, kind) for kind in CLASSES]
    if census.within_durability:
        why = f"{census.within_durability} acknowledged turns were lost within what "
        why += f"{history.run.durability} declares that it may lose"
        findings.append(_counted_apart("within_durability", census.within_durability, why))
    if census.repeated:
        why = f"{census.repeated} turns happened more than once when they were sent again, which "
        why += "this target does not promise to prevent"
        findings.append(_counted_apart("repeated", census.repeated, why))
    return findings + contents.findings(census.contents, history)


def _counted_apart(kind: str, turns: int, why: str) -> Finding:
    """What is shown, and held against nobody."""
    return Finding(
        check=f"continuity.{kind}",
        phase="run",
        status=Status.PASS,
        value=turns,
        limit=None,
        unit="turns",
        summary=why,
    )


def _finding(history: History, census: Census, kind: str) -> Finding:
    tally = census.violations.get(kind, Tally())
    title = CLASSES[kind]
    if tally.turns:
        status, summary = (
            Status.FAIL,
            f"{title}: {tally.turns} turns in {tally.conversations} of {census.opened} "
            "conversations",
        )
    else:
        status, summary = _innocent(history, census, kind)
    return Finding(
        check=f"continuity.{kind}",
        phase="run",
        status=status,
        value=tally.turns if tally.turns or status is Status.PASS else None,
        limit=0,
        unit="turns",
        summary=summary,
        evidence=tuple(violation.line(history.faults) for violation in tally.first),
    )


def _innocent(history: History, census: Census, kind: str) -> tuple[Status, str]:
    """No violation was seen: was there enough to see it by?"""
    title = CLASSES[kind]
    unverified = census.opened - census.audited
    if not census.opened:
        return Status.UNKNOWN, "Continuity is not known: no conversation was opened"
    if unverified > UNVERIFIED_SHARE * census.opened:
        return (
            Status.UNKNOWN,
            f"Continuity is not known: {unverified} of {census.opened} conversations could not be "
            "read back",
        )
    if kind == "resurrected" and not history.run.ttl_known:
        after = f"; none after {census.read_late} deletions" if census.read_late else ""
        return Status.UNKNOWN, f"{title}: not known, nor is the target's TTL (--ttl){after}"
    if kind == "resurrected" and not census.read_late:
        return Status.UNKNOWN, f"{title}: not known, no session was read after its TTL"
    if kind == "context_missed" and history.run.model_is_ours:
        silent = census.acknowledged - census.witnessed
        if not census.witnessed or silent > UNVERIFIED_SHARE * census.acknowledged:
            return (
                Status.UNKNOWN,
                f"{title}: not known, {silent} of {census.acknowledged} replies bore no witness",
            )
    if kind == "context_missed" and not census.witnessed:
        by_histories = "none by the histories that were read back"
        if history.run.foreign:
            return Status.UNKNOWN, f"{title}: {by_histories}; what the model was shown is not known"
        return Status.PASS, f"{title}: {by_histories}; this model bears no witness"
    return Status.PASS, f"{title}: none in {census.audited} conversations"


def counts(census: Census) -> dict[str, int]:
    """The census as result.json shows it."""
    return {
        **{kind: census.violations.get(kind, Tally()).turns for kind in CLASSES},
        "conversations_audited": census.audited,
        "turns_witnessed": census.witnessed,
        "within_durability": census.within_durability,
    }
