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


def _undone(call: dict[str, Any]) -> bool:
    """Whether it could be done, within a few tries."""
    for rest in reversed(range(_TRIES)):
        try:
            undo(call)
        except ChaosError as error:
            if rest:
                time.sleep(_PAUSE_S)
            else:
                by_hand = f"heal it by hand: {call['by_hand']}"
                _say(f"{call['target']}: the undo failed: {error}; {by_hand}")
        else:
            _say(f"{call['target']}: scaled to {call['replicas']} by the guardian")
            return True
    return False


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def main() -> int:
    """Do every call; 1: not all were done."""
    return 0 if all(list(map(_undone, json.load(sys.stdin)))) else 1


if __name__ == "__main__":
    sys.exit(main())
