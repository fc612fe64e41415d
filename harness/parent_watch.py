"""`python -m harness.parent_watch ARGUMENTS`: runs diya, and ends it when its parent process ends.

Standard input is a pipe whose other end is in the parent.  When the parent dies in any way, the
pipe closes and the run ends in order, as on Ctrl-C: no process of it is left.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

from harness import cli


def main() -> int:
    """Run one command of diya; returns its exit code."""
    threading.Thread(target=_wait_for_the_end, name="parent-watch", daemon=True).start()
    return cli.main(sys.argv[1:])


def _wait_for_the_end() -> None:
    while os.read(0, 64):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
