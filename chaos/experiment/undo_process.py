"""Undoes faults, and plays rollbacks, after the harness has died: `chaos.fleet.undoing` starts it.

Standard input holds a JSON list, the newest fault first; each entry has `target`, `what` (`undo` or
`rollback`), `undo` (a call), `by_hand`, `ready` (a call with its `tolerance` and the `headers` that
it needs, or null) and `back_within_s`.  All faults are undone before the first is waited for.  One
line about each goes to standard output.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from typing import Any

from chaos.experiment.outside_call import OutsideCall
from chaos.experiment.tolerance import tolerance
from chaos.fleet import undo_log
from chaos.fleet.guardian import RUN_ID_VARIABLE
from chaos.fleet.waiting import holds_within

_POLL_S = 0.2


def main() -> int:
    """Undo each fault, then wait until each is ready; 0: all were undone."""
    # The guardian ignores these, and a service that is started again must not.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    given = json.load(sys.stdin)
    failed = [entry for entry in given if not _undone(entry)]
    for entry in given:
        if entry not in failed and entry["ready"] is not None:
            _wait_ready(entry)
    return 1 if failed else 0


def _undone(entry: Mapping[str, Any]) -> bool:
    env = {name: value for name, value in os.environ.items() if name != RUN_ID_VARIABLE}
    return undo_log.attempt(
        entry,
        lambda: OutsideCall.from_json(entry["undo"]).do(env),
        name=entry["what"],
        success="undone" if entry["what"] == "undo" else "rolled back",
    )


def _wait_ready(entry: Mapping[str, Any]) -> None:
    call = OutsideCall.from_json(entry["ready"]["call"])
    wanted, headers = tolerance(entry["ready"]["tolerance"]), entry["ready"]["headers"]

    def is_ready() -> bool:
        try:
            return wanted.meets(call.ask(headers=headers))
        except Exception:
            return False

    begun, limit = time.monotonic(), float(entry["back_within_s"])
    if holds_within(is_ready, limit, poll=_POLL_S):
        undo_log.print_line(f"{entry['target']}: ready {time.monotonic() - begun:.1f} s later")
    else:
        undo_log.print_line(
            f"{entry['target']}: not ready after {limit:g} s; undo again: {entry['by_hand']}"
        )


if __name__ == "__main__":
    sys.exit(main())
