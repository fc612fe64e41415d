"""Failures of memory that may be those of other writers to the same Redis."""

from __future__ import annotations

from dataclasses import replace

from reports.checks.leftovers import most_bytes_of_turns
from reports.measures.key_kinds import KeyKinds, key_kinds
from reports.measures.others import bursts, others_write, others_write_elsewhere
from reports.measures.redis_memory import measure
from reports.records import Finding, Status
from reports.records.history import History

_OF_THE_SERVER = frozenset({"memory.baseline", "memory.bounded", "memory.evicted"})
"""Findings on what all databases of a server share."""
_FEW_KEYS = 2
"""New keys of an unknown kind that a service may write in its first turns."""
_REMEDY = "a run in a Redis that nobody else uses tells whose they are"


def of_others(history: History, finding: Finding) -> Finding:
    """The finding; a failure is unknown if it may be due to others, and names the kinds of keys."""
    if finding.status is not Status.FAIL:
        return finding
    kinds = history.once(key_kinds)
    if kinds is not None and _is_of_turns(history, finding, kinds):
        return finding
    if kinds is not None and _is_of_strangers(finding, kinds):
        doubt = f"{finding.summary}; new keys of kinds that no turn of the rehearsal wrote: "
        doubt += f"{kinds.in_words()}; somebody else may have written them; {_REMEDY}"
        return replace(finding, status=Status.UNKNOWN, summary=doubt)
    others = history.once(others_write)
    if others is None and finding.check in _OF_THE_SERVER:
        others = history.once(others_write_elsewhere)
    if others is None and (burst := history.once(bursts)) is not None:
        # Keys that are left besides theirs are the service's.
        left = (finding.value or 0) - burst.keys if finding.check == "memory.keys" else 0
        others = burst.in_words if left <= (finding.limit or 0) else None
    if others is None:
        return finding
    doubt = f"{finding.summary}; others write to this Redis too, and it may be theirs ({others})"
    return replace(finding, status=Status.UNKNOWN, summary=f"{doubt}; {_REMEDY}")


def _is_of_turns(history: History, finding: Finding, kinds: KeyKinds) -> bool:
    """Whether the keys that turns write are enough for the failure."""
    if finding.check == "memory.baseline":
        most = most_bytes_of_turns(history, history.once(measure), kinds.of_turns)
        return kinds.bytes_of_turns > most
    if finding.check == "memory.keys":
        return kinds.of_turns > (finding.limit or 0)
    return finding.check == "memory.ttl" and kinds.of_turns_forever > 0


def _is_of_strangers(finding: Finding, kinds: KeyKinds) -> bool:
    """Whether keys of others may explain the failure."""
    if finding.check == "memory.keys":
        return (finding.value or 0) - kinds.strangers <= (finding.limit or 0)
    if finding.check == "memory.ttl":
        return any(kind.forever for kind in kinds.strange)
    return kinds.strangers > _FEW_KEYS
