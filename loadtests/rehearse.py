"""The process of a rehearsal: `rehearse.py TARGET CUSTOMERS`, the run directory in DIYA_RUN_DIR.

It says how far it is, a JSON object a line: `checked`, then `warm`, `played` (with what was played)
and `gone`; or `failed` (with why), then `gone`.  With 0 customers the check is all.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gevent import monkey

_CHECKS = 3
_ENOUGH = 100
_LEAST_S, _MOST_S = 1.5, 5.0
_WARM_TURNS = 2
"""Of each customer."""
_WARM_S = 4.0


def main() -> int:
    """Rehearse; 0 whatever the service did, 104 for a run that cannot be rehearsed."""
    monkey.patch_all()
    # Only now: what they import must find the patched modules.
    from loadtests import permission, settings
    from loadtests.rehearsal import Rehearsal

    target, customers = sys.argv[1], int(sys.argv[2])
    try:
        permission.check_target(target, "--authorised")
        rehearsal = Rehearsal(settings.read(Path(os.environ["DIYA_RUN_DIR"])), target)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 104
    failure = rehearsal.check(_CHECKS if customers else _CHECKS - 1)
    if failure is None:
        _say("checked")
        if customers:
            rehearsal.warm_up(_WARM_TURNS * customers, customers, _WARM_S)
            # A service that was too slow to be told by the check has had time to answer by now.
            failure = rehearsal.failure()
    if failure is not None:
        _say("failed", opening=failure.opening, error=failure.error)
    elif customers:
        _say("warm")
        _say("played", **asdict(rehearsal.play(customers, _ENOUGH, _LEAST_S, _MOST_S)))
    rehearsal.forget()
    _say("gone")
    return 0


def _say(step: str, **values: Any) -> None:
    print(json.dumps({"step": step, **values}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
