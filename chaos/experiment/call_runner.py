"""Makes one call in a process of its own: a program, or a function of the user's by Chaos Toolkit.

Its standard input holds one JSON object: `command` (a list of words), or the `activity`,
`configuration` and `secrets` of a Python provider.  The process carries the run's id and leads a
session, so that the guardian ends it with everything below it when the harness dies.  The program
itself does not carry the id: a service that it starts again must outlive the run.

The answer of a function stands on standard output as JSON; what it prints goes to standard error.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

_RUN_ID = "DIYA_RUN_ID"
_NOT_EXECUTABLE, _NOT_FOUND = 126, 127
"""The exit codes of shells for a program that cannot be started."""
_SIGNALLED = 128
"""Added to the number of the signal that ended a program, as shells do."""


def main() -> int:
    """Make the call; the exit code: that of the program, or 0 or 1 of a function."""
    given = json.load(sys.stdin)
    os.environ.pop(_RUN_ID, None)
    if "command" in given:
        try:
            code = subprocess.call(given["command"], stdin=subprocess.DEVNULL)
        except OSError as error:
            print(error.strerror, file=sys.stderr)  # the program is named by who asked
            return _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_EXECUTABLE
        return code if code >= 0 else _SIGNALLED - code
    return _call(given)


def _call(given: dict[str, Any]) -> int:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    from chaoslib.provider.python import run_python_activity, validate_python_activity

    activity = given["activity"]
    try:
        validate_python_activity(activity)
        if given.get("validate"):
            return 0
        value = run_python_activity(activity, given["configuration"], given["secrets"])
    except Exception as error:
        print(str(error) or type(error).__name__, file=sys.stderr)
        return 1
    with answers:
        json.dump(value, answers, default=repr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
