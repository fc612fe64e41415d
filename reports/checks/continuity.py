"""Continuity: did every conversation survive?  One gate for every class of violation."""

from __future__ import annotations

from dataclasses import replace

from reports.checks import contents, unknown_ttl
from reports.checks.context import Known, known
from reports.gates import VIOLATIONS
from reports.measures.continuity.all_conversations import take_tallies
from reports.measures.continuity.tallies import Tallies, Tally
from reports.records import Finding, Status
from reports.records.history import History

UNVERIFIED_SHARE = 0.01
"""With a larger share of conversations without an answered audit, continuity is not known."""
REPEATED_SHARE, REPEATED_FEW = 0.01, 5
"""A target that does not promise to prevent repeated turns fails only when the repeated ones exceed
both this share and this number."""
_LONGEST_ERROR = 160
"""Characters of an error in a summary."""


def check_continuity(history: History) -> list[Finding]:
    """One finding for each class of violation, and one for declared losses, if any."""
    tallies = history.once(take_tallies)
    findings = [_finding(history, tallies, kind) for kind in VIOLATIONS]
    if tallies.within_durability:
        why = f"{tallies.within_durability} acknowledged turns were lost within what "
        why += f"{history.run.topology.durability} declares that it may lose"
        findings.append(
            _counted_apart("continuity.within_durability", tallies.within_durability, why)
        )
    if tallies.repeated:
        why = f"{tallies.repeated} turns happened more than once when they were sent again, which "
        why += "this target does not promise to prevent"
        findings.append(_repeated(tallies, why))
    if tallies.stored_otherwise:
        why = f"{tallies.stored_otherwise} turns are stored with another text than was sent or "
        why += "answered, in calm as well: the application rewrites them"
        findings.append(
            _counted_apart("continuity.stored_otherwise", tallies.stored_otherwise, why)
        )
    if tallies.notes:
        why = f"{tallies.notes} texts of the agent answer no turn: greetings or notes of its own"
        findings.append(_counted_apart("continuity.unprompted", tallies.notes, why))
    return findings + contents.findings(tallies.contents, history)


def _counted_apart(gate: str, turns: int, why: str) -> Finding:
    """A finding that is shown but always passes."""
    return Finding(
        check=gate,
        phase="run",
        status=Status.PASS,
        value=turns,
        limit=None,
        unit="turns",
        summary=why,
    )


def _repeated(tallies: Tallies, why: str) -> Finding:
    """Repeats pass while they are rare, as after a lost answer, and fail when they are frequent."""
    most = max(REPEATED_FEW, int(REPEATED_SHARE * tallies.acknowledged))
    finding = _counted_apart("continuity.repeated", tallies.repeated, why)
    if tallies.repeated <= most:
        return finding
    why = (
        f"{tallies.repeated} of {tallies.acknowledged} turns happened more than once, limit {most}"
    )
    return replace(finding, status=Status.FAIL, limit=most, summary=why)


def _finding(history: History, tallies: Tallies, kind: str) -> Finding:
    tally = tallies.violations.get(kind, Tally())
    title = VIOLATIONS[kind].title
    if tally.turns:
        where = f"{tally.conversations} of {tallies.opened} conversations"
        found = Known(Status.FAIL, f"{title}: {tally.turns} turns in {where}")
    else:
        found = _innocent(history, tallies, kind)
    shown = tally if tally.turns else tallies.doubts.get(kind, tally)
    return Finding(
        check=VIOLATIONS[kind].name,
        phase="run",
        status=found.status,
        value=tally.turns if tally.turns or found.status is Status.PASS else None,
        limit=0,
        unit="turns",
        summary=found.summary,
        evidence=tuple(violation.line(history.faults) for violation in shown.first),
        out_of_sight=found.out_of_sight,
    )


def _why(tallies: Tallies) -> str:
    """The commonest error of the reads, for a sentence."""
    return "".join(f" ({error[:_LONGEST_ERROR]})" for error, _ in tallies.unread.most_common(1))


def _innocent(history: History, tallies: Tallies, kind: str) -> Known:
    """The status without violations: PASS only with enough evidence."""
    title = VIOLATIONS[kind].title
    unverified = tallies.opened - tallies.audited
    if not tallies.opened:
        return Known(Status.UNKNOWN, "Continuity is not known: no conversation was opened")
    if unverified > UNVERIFIED_SHARE * tallies.opened:
        return Known(
            Status.UNKNOWN,
            f"Continuity is not known: {unverified} of {tallies.opened} conversations could not be "
            f"read back{_why(tallies)}",
        )
    if doubts := tallies.doubts.get(kind):
        why = (
            f"{title}: not known of {doubts.turns} turns or sessions in {doubts.conversations} of "
        )
        why += f"{tallies.opened} conversations"
        if kind == "lost" and (gone := len(tallies.perhaps_expired.unexplained())):
            why += f"; after faults {gone} sessions had expired or were lost"
            why += unknown_ttl.remedy(history.run)
        return Known(Status.UNKNOWN, why)
    if kind == "leaked" and tallies.nameless > UNVERIFIED_SHARE * tallies.audited:
        return Known(
            Status.UNKNOWN,
            f"{title}: not known, {tallies.nameless} reads did not say whose session it is",
        )
    if kind == "resurrected" and not history.run.ttl_known:
        after = f"; none after {tallies.read_late} deletions" if tallies.read_late else ""
        why = unknown_ttl.reason(history.run)
        return Known(Status.UNKNOWN, f"{title}: not known, {why}{after}")
    if kind == "resurrected" and not tallies.read_late:
        return Known(Status.UNKNOWN, f"{title}: not known, no session was read after its TTL")
    if kind == "context_missed":
        return known(history, tallies)
    return Known(Status.PASS, f"{title}: none in {tallies.audited} conversations")
