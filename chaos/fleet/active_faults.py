"""The active faults of one fleet: a fault must know of the others."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from chaos.errors import ChaosError


@dataclass(frozen=True)
class ActiveFault:
    """One fault under way."""

    fault: object
    """The fault itself; compared by identity."""
    kind: str
    target: str
    setting: str | None
    """The setting that it changes and restores; None: none that another fault changes."""


class ActiveFaults:
    """Belongs to one fleet; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._active: list[ActiveFault] = []

    def enter(self, fault: object, kind: str, target: str, setting: str | None) -> None:
        """Begin.  Raises ChaosError while another fault has changed the same setting there."""
        with self._lock:
            for other in self._active:
                if setting and (other.target, other.setting) == (target, setting):
                    raise ChaosError(
                        f"{target} is under {other.kind}: {kind} would change what that one "
                        "puts back"
                    )
            self._active.append(ActiveFault(fault, kind, target, setting))

    def others(self, fault: object) -> bool:
        """Whether other faults are active."""
        with self._lock:
            return any(each.fault is not fault for each in self._active)

    def leave(self, fault: object) -> bool:
        """End; returns whether others go on.  Of two that end together, only one gets False.

        Also allowed for a fault that never began.
        """
        with self._lock:
            self._active = [each for each in self._active if each.fault is not fault]
            return bool(self._active)
