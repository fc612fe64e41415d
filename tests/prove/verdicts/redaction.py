"""An application that puts a placeholder in the place of names before it stores a reply."""

from __future__ import annotations

import random
from collections.abc import Sequence

from msgspec.structs import replace

from reports.records import AuditRecord, HistoryItem, Likeness, digest

SHARES = (0.0, 0.0, 0.0, 0.03, 0.3, 1.0)
"""Shares of the replies that applications rewrite."""
_PLACEHOLDER = 77
_WORDS = 10


def redacted(audits: Sequence[AuditRecord], rng: random.Random) -> tuple[list[AuditRecord], float]:
    """The reads of a service under such an application, and the share of replies that it rewrites;
    each turn is rewritten in all reads or in none."""
    share = rng.choice(SHARES)
    chosen: dict[str, bool] = {}
    return [_read(audit, share, chosen, rng) for audit in audits], share


def _read(
    audit: AuditRecord, share: float, chosen: dict[str, bool], rng: random.Random
) -> AuditRecord:
    items: list[HistoryItem] = []
    found: list[Likeness] = []
    for item in audit.history:
        name = item.turn_id or ""
        if item.kind == "reply" and chosen.setdefault(name, rng.random() < share):
            item = replace(item, digest=digest(f"redacted {name}"))
            turn, number = int(name.partition("t")[2]), len(chosen)
            marks = ((_PLACEHOLDER,), (1000 + number,))
            found.append(Likeness(item.digest, "reply", turn, _WORDS, _WORDS, 9, 4, *marks))
        items.append(item)
    return replace(audit, history=tuple(items), likeness=tuple(found) or None)
