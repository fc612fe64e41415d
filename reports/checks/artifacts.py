"""Artifacts: is every version that a turn has saved there, and that of its turn?

The events of a session name the versions of the artifacts that its turns have saved.  ADK's
services keep all versions, so each of them must be found later, with the content that it had.  Two
turns that name the same version of the same artifact were given it by two stores that do not know
each other, or one has overwritten the other's.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from msgspec import UNSET

from reports.records import AuditRecord, Finding, Status
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
                self.wrong.setdefault((key, "missing"), f"{what} was missing when read {where}")
            elif item.content is not None:
                before = self.contents.setdefault(key, item.content)
                if before != item.content:
                    told = f"{what} had another content than before when read {where}"
                    self.wrong.setdefault((key, "changed"), told)
            if len(self.turns[key]) > 1:
                told = f"{what} was saved by turns {', '.join(sorted(self.turns[key]))}"
                self.wrong.setdefault((key, "twice"), told)


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
    missing = [line for (_, how), line in found.wrong.items() if how == "missing"]
    others = len({key for key, how in found.wrong if how != "missing"})
    summary = f"Of {len(found.versions):,} versions of artifacts that turns have saved, "
    summary += f"{len(missing)} were missing and {others} were of another turn or had changed"
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
