"""The process of a rehearsal: `rehearse.py TARGET CUSTOMERS [FILE]`.

The run directory is in DIYA_RUN_DIR; with a FILE its turns are recorded in that file there.

It prints its progress, a JSON object a line: `checked`, then `begin` and `played` (with the result)
for first turns and for whole conversations, and `gone`; or `failed` (with the reason), then `gone`.
With 0 customers it only makes the check, and with a FILE it plays a few whole conversations after
it, without a measurement.
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
_ENOUGH_YOUNG = 40
_LEAST_YOUNG_S, _MOST_YOUNG_S = 0.7, 2.0
_CALM_CUSTOMERS, _CALM_TURNS, _CALM_S = 2, 12, 20.0
"""Whole conversations with a target, which is not measured."""
_WARM_S = 2.0
"""Time limit for one turn of each customer, before each measurement."""


def main() -> int:
    """Rehearse; returns 0 for any behaviour of the service, 104 for a run that cannot be used."""
    monkey.patch_all()
    # Import these now, so that they find the patched modules.
    from loadtests.generator import permission, settings
    from loadtests.generator.rehearsal import Rehearsal
    from reports.basics.exit_codes import ExitCode

    target, customers = sys.argv[1], int(sys.argv[2])
    recorded = sys.argv[3] if len(sys.argv) > 3 else None
    try:
        permission.check_target(target, "--authorised")
        rehearsal = Rehearsal(settings.read(Path(os.environ["DIYA_RUN_DIR"])), target, recorded)
    except ValueError as error:
        print(error, file=sys.stderr)
        return ExitCode.BAD_CONFIGURATION
    failure = rehearsal.check(_CHECKS if customers else _CHECKS - 1)
    if failure is None:
        _say("checked", answered=rehearsal.answered, lost=rehearsal.lost)
        if customers:
            rehearsal.warm_up(customers, customers, _WARM_S, young=True)
            # A service that was too slow for the check has had time to answer by now.
            failure = rehearsal.failure()
    if failure is not None:
        _say("failed", opening=failure.opening, error=failure.error)
    elif customers:
        for young, enough in ((True, _ENOUGH_YOUNG), (False, _ENOUGH)):
            least_s, most_s = (_LEAST_YOUNG_S, _MOST_YOUNG_S) if young else (_LEAST_S, _MOST_S)
            if not young:
                rehearsal.warm_up(customers, customers, _WARM_S, young=False)
            _say("begin")
            played = rehearsal.play(customers, enough, least_s, most_s, young=young)
            _say("played", young=young, **asdict(played))
    elif recorded is not None:
        rehearsal.warm_up(_CALM_TURNS, _CALM_CUSTOMERS, _CALM_S, young=False)
    rehearsal.forget()
    _say("gone")
    return ExitCode.GO


def _say(step: str, **values: Any) -> None:
    print(json.dumps({"step": step, **values}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
