"""Artifacts: is every version that a turn has saved there, and that of its turn?

The events of a session name the versions of the artifacts that its turns have saved.  ADK's
services keep all versions, so each of them must be found later, with the content that it had.  One
may be missing where its turn may be lost within the declared durability, and where its session is
gone because its time was over or it was deleted.  Two turns that name the same version of the same
artifact were given it by two stores that do not know each other, or one has overwritten the
other's.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from msgspec import UNSET

from reports.measures.continuity.durability import excuses
from reports.measures.continuity.session_model import CLOCK_S
from reports.records import (
    ArtifactItem,
    AuditRecord,
    ConversationRecord,
    Finding,
    Outcome,
    Status,
    TurnRecord,
)
from reports.records.history import History

_GATE = "continuity.artifacts"
_MOST_LINES = 20
_UNREAD_SHARE = 0.02
"""More unanswered reads than this share make the gate unknown."""

Key = tuple[int, str, int]
"""Conversation, digest of the name, version."""


@dataclass(slots=True)
class _Found:
    """The evidence of the reads."""

    versions: set[Key] = field(default_factory=set)
    read: int = 0
    unread: int = 0
    missing: dict[Key, list[tuple[AuditRecord, ArtifactItem, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """Version → the reads that lacked it, with one line each."""
    shown: dict[Key, float] = field(default_factory=dict)
    """Version → when it was last asked for and found, run time."""
    wrong: dict[tuple[Key, str], str] = field(default_factory=dict)
    """Version and what is wrong with it → one line."""
    turns: defaultdict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    contents: dict[Key, str] = field(default_factory=dict)

    def take(self, audit: AuditRecord) -> None:
        """Take one read of a session into account."""
        for item in audit.artifacts or ():
            key = (audit.conversation, item.name, item.version)
            what = f"conversation {audit.conversation}, turn {item.turn_id or 'unknown'}: version "
            what += f"{item.version} of artifact {item.name}"
            where = f"at {audit.at:.1f} s by {audit.replica or 'an unknown replica'}"
            self.versions.add(key)
            if item.turn_id is not None:
                self.turns[key].add(item.turn_id)
            if item.found is None:
                self.unread += 1
                continue
            self.read += 1
            if not item.found:
                told = f"{what} was missing when read {where}"
                self.missing[key].append((audit, item, told))
                continue
            self.shown[key] = max(audit.at, self.shown.get(key, audit.at))
            if item.content is not None:
                before = self.contents.setdefault(key, item.content)
                if before != item.content:
                    told = f"{what} had another content than before when read {where}"
                    self.wrong.setdefault((key, "changed"), told)
            if len(self.turns[key]) > 1:
                told = f"{what} was saved by turns {', '.join(sorted(self.turns[key]))}"
                self.wrong.setdefault((key, "twice"), told)

    def judge_missing(self, history: History) -> int:
        """Put the versions that must not be missing into `wrong`; the number of the others."""
        if not self.missing:
            return 0
        excuse, excused = history.once(excuses), 0
        conversations = {key[0] for key in self.missing}
        talks = {
            index: (records, turns)
            for index, records, turns, _ in history.talks()
            if index in conversations
        }
        for key, reads in self.missing.items():
            records, turns = talks[key[0]]
            for audit, item, told in reads:
                turn = next((each for each in turns if each.turn_id == item.turn_id), None)
                shown = self.shown.get(key, -math.inf)
                lost = turn is not None and excuse(turn.sent, turn.done, shown) is not None
                if not lost and not _went_with_session(audit, records, turns, history):
                    self.wrong.setdefault((key, "missing"), told)
            excused += (key, "missing") not in self.wrong
        return excused


def _went_with_session(
    audit: AuditRecord,
    records: Sequence[ConversationRecord],
    turns: Sequence[TurnRecord],
    history: History,
) -> bool:
    """Whether the session was rightly gone at this read, so that its artifacts may be too."""
    if audit.status != "gone":
        return False
    if any(each.deleted is not None and audit.at >= each.deleted for each in records):
        return True
    if not history.run.ttl_known:
        return True  # whether it is gone too early is another gate's question
    used = [turn.sent for turn in turns if turn.outcome is Outcome.OK]
    return audit.done - max(used, default=-math.inf) >= history.run.ttl_seconds - CLOCK_S


def check_artifacts(history: History) -> list[Finding]:
    """Gate the artifacts; nothing where no turn has saved one and no service was named for them."""
    found = _Found()
    for audit in history.audits.with_artifacts:
        found.take(audit)
    services = history.run.services
    named = services is not UNSET and "artifacts" in services
    if not found.versions:
        if not named:
            return []
        summary = "Artifacts as the turns saved them: not known, no turn has saved any"
        return [_finding(Status.UNKNOWN, None, summary, out_of_sight=True)]
    excused = found.judge_missing(history)
    missing = [line for (_, how), line in found.wrong.items() if how == "missing"]
    others = len({key for key, how in found.wrong if how != "missing"})
    summary = f"Of {len(found.versions):,} versions of artifacts that turns have saved, "
    summary += f"{len(missing)} were missing and {others} were of another turn or had changed"
    if excused:
        summary += f"; {excused} more were missing as declared, or with a session that was over"
    wrong = len({key for key, _ in found.wrong})
    if wrong and not named and not history.run.foreign:
        summary += "; without --artifact-service-uri they are in the memory of each replica: not "
        return [_finding(Status.UNKNOWN, wrong, f"{summary}counted", out_of_sight=True)]
    if wrong:
        lines = tuple(found.wrong.values())[:_MOST_LINES]
        return [_finding(Status.FAIL, wrong, summary, evidence=lines)]
    if found.unread > _UNREAD_SHARE * (found.read + found.unread):
        summary = "Artifacts as the turns saved them: not known, "
        summary += f"{found.unread} of {found.read + found.unread} reads had no answer"
        return [_finding(Status.UNKNOWN, None, summary)]
    return [_finding(Status.PASS, 0, summary)]


def _finding(
    status: Status,
    value: int | None,
    summary: str,
    *,
    evidence: tuple[str, ...] = (),
    out_of_sight: bool = False,
) -> Finding:
    return Finding(
        _GATE, "run", status, value, 0, "artifacts", summary, evidence, out_of_sight=out_of_sight
    )
