"""The faults that are being done now: what one of them finds may be another one's doing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from chaos.environment import Environment
from chaos.errors import ChaosError

if TYPE_CHECKING:
    from chaos.faults.base import Fault

_lock = threading.Lock()
_now: list[tuple[Environment, Fault, str]] = []
"""Environment, fault and target."""


def enter(env: Environment, fault: Fault, target: str) -> None:
    """Begin.  Raises ChaosError while another fault has set there what this one would set."""
    with _lock:
        for place, other, hit in _now:
            if place is env and hit == target and fault.sets and other.sets == fault.sets:
                raise ChaosError(
                    f"{target} is under {other.kind}: {fault.kind} would change what that one "
                    "puts back"
                )
        _now.append((env, fault, target))


def others(env: Environment, fault: Fault) -> bool:
    """Whether other faults are being done to this environment."""
    with _lock:
        return any(place is env and each is not fault for place, each, _ in _now)


def leave(env: Environment, fault: Fault) -> bool:
    """End, and whether others go on: of two that end together, just one is told that none does.

    A fault that never began may say so too.
    """
    with _lock:
        _now[:] = [entry for entry in _now if entry[1] is not fault]
        return any(place is env for place, _, _ in _now)
