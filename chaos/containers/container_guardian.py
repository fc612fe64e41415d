"""No container outlives its run: a guardian for containers.

Like `chaos.fleet.guardian` it holds the read end of a pipe whose only write end is in the harness,
and removes everything that carries the run's id when the pipe ends.  If both are killed, the next
run sweeps.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys

from chaos.errors import ChaosError
from chaos.fleet.guardian import launched

_READY = b"ready\n"
_START_TIMEOUT_S = 20.0
_SWEEP_TIMEOUT_S = 60.0


class ContainerGuardian:
    """The harness's end of the pipe."""

    def __init__(self, run_id: str) -> None:
        """Start it and wait until it watches.  Raises ChaosError when it does not."""
        self._process, self._write_end = launched("chaos.containers.container_guardian", run_id)
        output = self._process.stdout
        assert output is not None
        ready = select.select([output], [], [], _START_TIMEOUT_S)[0]
        if not ready or output.readline() != _READY:
            self._process.kill()
            self.close()
            raise ChaosError("the guardian of the containers did not start")
        self._closed = False

    def close(self) -> None:
        """End the run: everything that carries its id is removed.  Raises ChaosError when not."""
        if getattr(self, "_closed", False):
            return
        self._closed = True
        os.close(self._write_end)
        try:
            code = self._process.wait(_SWEEP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        if code != 0:
            raise ChaosError("containers of the run cannot be removed; the next run tries again")


def main(run_id: str) -> int:
    """Wait for the end of the pipe on standard input, then remove.  0: nothing is left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    from chaos.containers import engine
    from chaos.containers.sweep import remove_run

    client = engine.connect()
    os.write(1, _READY)
    while os.read(0, 64):
        pass
    return 0 if remove_run(client, run_id) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
