"""Replicas by fork, from a process that has imported the service and served no request.

A start from nothing takes two seconds of a core, most of it for imports: five hundred of them
would take longer than the proof.  Each forked process then runs the service's own `main`, with its
own settings, sockets and connections, as every replica does.

`python -m tests.prove.nursery` reads one JSON object a line, `{"port": …, "log": …, "env": {…}}`,
and answers each with the pid.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from typing import Any


def main() -> None:
    """Fork until standard input ends."""
    import target_service.server.serve  # noqa: F401
    from target_service.__main__ import main as serve
    from target_service.server.warmup import warm_up
    from target_service.settings import from_environment

    asyncio.run(warm_up(from_environment()))
    assert threading.active_count() == 1, "forks would keep the locks of other threads"
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are gone at once, and their pids too
    for line in sys.stdin:
        wanted = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(wanted)
            sys.exit(serve())
        print(pid, flush=True)


def _become(wanted: dict[str, Any]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    log = os.open(wanted["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.environ.update(wanted["env"])
    sys.argv = ["target_service", "--port", str(wanted["port"])]


if __name__ == "__main__":
    main()
