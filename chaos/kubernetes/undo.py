"""Restores the number of pods that a fault has lowered, after the harness has died.

A list of calls as JSON on standard input; exit code 0 when all of them were done.  One line about
each goes to standard output, which is the log of the run's guardian.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from chaos.errors import ChaosError
from chaos.fleet import undo_log
from chaos.kubernetes.api import Api
from chaos.kubernetes.cluster import Cluster
from chaos.kubernetes.objects import Owner

_TRIES, _PAUSE_S = 5, 1.0


def undo(call: dict[str, Any]) -> None:
    """Restore one controller's number, as `PodSystem.scale_down` noted it.  Raises ChaosError."""
    api = Api(call["context"])
    try:
        owner = Owner(call["kind"], call["name"])
        Cluster(api).scale(call["namespace"], owner, call["replicas"])
    finally:
        api.close()


def _undo_with_retries(call: dict[str, Any]) -> None:
    """As `undo`, within a few tries.  Raises the ChaosError of the last one."""
    for left in reversed(range(_TRIES)):
        try:
            undo(call)
        except ChaosError:
            if not left:
                raise
            time.sleep(_PAUSE_S)
        else:
            return


def _undone(call: dict[str, Any]) -> bool:
    return undo_log.attempt(
        call, lambda: _undo_with_retries(call), success=f"scaled to {call['replicas']}"
    )


def main() -> int:
    """Do every call, also after one that failed.  0: all were done; 1: not all."""
    outcomes = [_undone(call) for call in json.load(sys.stdin)]
    return 0 if all(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
