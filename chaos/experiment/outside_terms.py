"""The author's word about an action that is not diya's: the key `x-diya` of the action.

The Chaos Toolkit ignores the key.  It says what shows that the action took hold, what shows that
the target is ready, what undoes the action, and which acknowledged writes it may lose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chaos.experiment.model import Probe
from chaos.experiment.outside_call import OutsideCall
from reports.records.fault_mark import UNSYNCED_S

OURS = "x-diya"
"""The key of an action."""
KEYS = (
    *("took_hold", "ready", "undo", "target", "replicas", "back_within", "durability", "lasts"),
)
BACK_WITHIN_S = 60.0
DURABILITY: Mapping[str, float | None] = {
    "keeps": None,
    "loses-unsynced": UNSYNCED_S,
    "loses-all": float("inf"),
}
"""What a fault may do to acknowledged writes -> the seconds before it whose writes may be lost."""
EXPECTED: Mapping[str, object] = {"http": 200, "process": 0, "python": True}
"""Type of a provider -> the tolerance of a `ready` that names none."""


@dataclass(frozen=True)
class Evidence:
    """The probe that shows that the action took hold."""

    probe: Probe
    changes: bool = False
    """Whether the answer must change, instead of meeting a tolerance."""
    within_s: float | None = None
    """How long after the action it may come; None: as by default."""


@dataclass(frozen=True)
class Ready:
    """The probe that must hold before the fault and again after it."""

    probe: Probe
    by_guardian: Mapping[str, Any] | None
    """The same as JSON for the guardian; None: a probe of diya's, which only a run can ask."""


@dataclass(frozen=True)
class Terms:
    """All of it, for one action."""

    took_hold: Evidence | None = None
    ready: Ready | None = None
    undo: OutsideCall | None = None
    target: str | None = None
    """The name of the target in reports; None: that of the program, function or address."""
    hits_replicas: bool | None = None
    """Whether it takes or disturbs replicas; None: the name of the target decides."""
    back_within_s: float = BACK_WITHIN_S
    """The target is ready again this many seconds after the fault was undone, or it is not back."""
    may_lose_s: float | None = None
    """The seconds before the fault whose acknowledged writes may be lost; None: no write may."""
    lasts_s: float = 0.0
    """The fault lasts this many seconds after it took hold."""


class Unanswered(Exception):
    """A probe gave no answer that can be compared; the text is the reason."""


def comparable(answer: Any) -> Any:
    """The part of an answer that names the thing that answers, such as a pod's UID.

    Of a process its exit code and output, of an HTTP call its body.  Raises Unanswered for a
    process that ended with an error and a message, an HTTP error, or nothing at all: a broken
    question is no change.
    """
    if isinstance(answer, dict) and "stdout" in answer and "status" in answer:
        if answer["status"] and str(answer["stderr"]).strip():
            raise Unanswered(f"exit code {answer['status']}: {str(answer['stderr']).strip()}")
        return answer["status"], str(answer["stdout"]).strip()
    if isinstance(answer, dict) and "body" in answer and "status" in answer:
        if answer["status"] >= 400:
            raise Unanswered(f"HTTP {answer['status']}")
        return answer["body"]
    if answer is None:
        raise Unanswered("nothing")
    return answer
