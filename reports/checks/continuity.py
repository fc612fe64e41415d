"""Continuity: did every conversation survive?  One gate for every class of violation."""

from __future__ import annotations

from dataclasses import replace

from reports.checks import contents
from reports.gates import VIOLATIONS
from reports.measures.continuity.all_conversations import take_census
from reports.measures.continuity.tallies import Census, Tally
from reports.records import Finding, Status
from reports.records.history import History

UNVERIFIED_SHARE = 0.01
"""More conversations than this without an answered audit, and continuity is not known."""
REPEATED_SHARE, REPEATED_FEW = 0.01, 5
"""More turns than this share, and than so many, that happened again: a target that does not promise
to prevent it does not prevent it as a rule."""


def check_continuity(history: History) -> list[Finding]:
    """One finding for each class of violation, and one for what was lost as declared, if any."""
    census = history.once(take_census)
    findings = [_finding(history, census, kind) for kind in VIOLATIONS]
    if census.within_durability:
        why = f"{census.within_durability} acknowledged turns were lost within what "
        why += f"{history.run.topology.durability} declares that it may lose"
        findings.append(
            _counted_apart("continuity.within_durability", census.within_durability, why)
        )
    if census.repeated:
        why = f"{census.repeated} turns happened more than once when they were sent again, which "
        why += "this target does not promise to prevent"
        findings.append(_repeated(census, why))
    if census.stored_otherwise:
        why = f"{census.stored_otherwise} turns are stored with another text than was sent or "
        why += "answered, in calm as well: the application rewrites them"
        findings.append(_counted_apart("continuity.stored_otherwise", census.stored_otherwise, why))
    if census.notes:
        why = f"{census.notes} texts of the agent answer no turn: greetings or notes of its own"
        findings.append(_counted_apart("continuity.unprompted", census.notes, why))
    return findings + contents.findings(census.contents, history)


def _counted_apart(gate: str, turns: int, why: str) -> Finding:
    """What is shown, and held against nobody."""
    return Finding(
        check=gate,
        phase="run",
        status=Status.PASS,
        value=turns,
        limit=None,
        unit="turns",
        summary=why,
    )


def _repeated(census: Census, why: str) -> Finding:
    """Repeats are held against nobody while they are the exception: one lost answer here or there,
    not the way in which the target deals with its customers."""
    most = max(REPEATED_FEW, int(REPEATED_SHARE * census.acknowledged))
    finding = _counted_apart("continuity.repeated", census.repeated, why)
    if census.repeated <= most:
        return finding
    why = f"{census.repeated} of {census.acknowledged} turns happened more than once, limit {most}"
    return replace(finding, status=Status.FAIL, limit=most, summary=why)


def _finding(history: History, census: Census, kind: str) -> Finding:
    tally = census.violations.get(kind, Tally())
    title = VIOLATIONS[kind].title
    if tally.turns:
        status, summary = (
            Status.FAIL,
            f"{title}: {tally.turns} turns in {tally.conversations} of {census.opened} "
            "conversations",
        )
    else:
        status, summary = _innocent(history, census, kind)
    shown = tally if tally.turns else census.doubts.get(kind, tally)
    return Finding(
        check=VIOLATIONS[kind].name,
        phase="run",
        status=status,
        value=tally.turns if tally.turns or status is Status.PASS else None,
        limit=0,
        unit="turns",
        summary=summary,
        evidence=tuple(violation.line(history.faults) for violation in shown.first),
    )


def _innocent(history: History, census: Census, kind: str) -> tuple[Status, str]:
    """No violation was seen: was there enough to see it by?"""
    title = VIOLATIONS[kind].title
    unverified = census.opened - census.audited
    if not census.opened:
        return Status.UNKNOWN, "Continuity is not known: no conversation was opened"
    if unverified > UNVERIFIED_SHARE * census.opened:
        return (
            Status.UNKNOWN,
            f"Continuity is not known: {unverified} of {census.opened} conversations could not be "
            "read back",
        )
    if doubts := census.doubts.get(kind):
        return (
            Status.UNKNOWN,
            f"{title}: not known of {doubts.turns} turns or sessions in {doubts.conversations} of "
            f"{census.opened} conversations",
        )
    if kind == "leaked" and census.nameless > UNVERIFIED_SHARE * census.audited:
        return (
            Status.UNKNOWN,
            f"{title}: not known, {census.nameless} reads did not say whose session it is",
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
