"""Sessions that were gone after a fault, at a service whose TTL nobody declared.

Such a session may have expired, or it may be lost.  It counts as expired only if a session of this
service was also gone after such a time without use when no fault was near; otherwise nothing shows
which of the two it was.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from reports.measures.continuity.session_model import SessionModel
from reports.measures.continuity.violations import Violation
from reports.records import FaultWindow

SAW = "no such session: it had expired or was lost"
_ABOUT = 0.8
"""A session is read some time after it expired, so the time without use of one that expired may be
this share of the time of another."""


@dataclass(frozen=True, slots=True)
class GoneSession:
    """A session that was gone, expired or lost."""

    unused_s: float
    """Seconds since its last use for certain."""
    after_fault: bool
    """Whether a fault was in progress since it was last seen to exist."""
    loss: Violation
    """The violation, if it is lost."""


def gone(model: SessionModel, loss: Violation, faults: Sequence[FaultWindow]) -> GoneSession | None:
    """A session that was gone, before it is used again; None: its TTL alone does not decide."""
    if not model.may_have_expired:
        return None
    since = model.last_found
    after_fault = any(fault.start <= loss.at and fault.end >= since for fault in faults)
    return GoneSession(loss.at - model.kept, after_fault, loss)


@dataclass
class PerhapsExpired:
    """The sessions of one run that were gone and may have expired."""

    calm_s: float = math.inf
    """The shortest time without use after which a session was gone with no fault near, seconds."""
    after_faults: dict[int, GoneSession] = field(default_factory=dict)
    """Conversation -> its session that was gone after a fault."""

    def add(self, session: GoneSession | None) -> None:
        """Add what `gone` found."""
        if session is None:
            return
        if session.after_fault:
            self.after_faults.setdefault(session.loss.conversation, session)
        else:
            self.calm_s = min(self.calm_s, session.unused_s)

    def unexplained(self) -> list[Violation]:
        """The sessions whose expiry nothing shows."""
        shortest = _ABOUT * self.calm_s
        return [each.loss for each in self.after_faults.values() if each.unused_s < shortest]
