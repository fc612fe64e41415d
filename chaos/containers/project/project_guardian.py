"""A project is left as it was, however the harness ends: a guardian that repairs its containers.

Like `chaos.fleet.guardian` it holds the read end of a pipe whose only write end is in the harness.
The harness writes the state of a container there before it does anything to it.  When the pipe
ends, the guardian brings every one of these containers back to its state, and nothing else is
touched: a container that the user stops during the run stays stopped.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Collection
from pathlib import Path
from typing import IO, Any

import msgspec
from docker.errors import NotFound

from chaos.containers import engine
from chaos.containers.docker_errors import REFUSALS
from chaos.containers.project import repairs
from chaos.containers.project.repairs import Before, Repair
from chaos.errors import ChaosConfigError, ChaosError
from chaos.fleet.guardian import launched
from chaos.fleet.waiting import holds_within

_READY = b"ready\n"
_BUSY = b"busy\n"
_START_TIMEOUT_S = 20.0
_REPAIR_TIMEOUT_S = 60.0
"""A container that was told to end may drain so long before it can be started again."""
_PAUSE_S = 0.2
_QUIET_LOOKS = 5
"""Docker may still be doing what a dead process asked for: look again before saying "as before"."""


class ProjectGuardian:
    """The harness's end of the pipe; safe to use from several threads."""

    def __init__(self, project: str) -> None:
        """Start it and wait until it watches.

        Raises ChaosConfigError while another run plays the project, ChaosError when the guardian
        does not start: then nothing may be done to the project.
        """
        self._project = project
        self._lock = threading.Lock()
        self._closed = False
        module = "chaos.containers.project.project_guardian"
        self._process, self._write_end = launched(module, project)
        self._check_started()

    def touch(self, container: Before) -> None:
        """From now on this container is brought back at the end.  Raises ChaosError.

        Called again with another `ending`, the last one counts.
        """
        with self._lock:
            if self._closed:
                raise ChaosError("the run is over: nothing more is done to the project")
            try:
                _write(self._write_end, msgspec.json.encode(container) + b"\n")
            except OSError as error:
                raise ChaosError(
                    f"the guardian of project {self._project} is gone: {error.strerror}"
                ) from None

    def close(self) -> None:
        """End the run: every touched container is as before.  May be called again.

        Raises ChaosError with the commands that do by hand what could not be done.
        """
        with self._lock:
            if self._closed:
                return
            self._closed = True
            os.close(self._write_end)
        commands = _last_lines(self._process)
        if self._process.returncode == 0:
            return
        by_hand = "; ".join(commands) or "docker ps --all shows its containers"
        raise ChaosError(f"project {self._project} is not as it was; to heal it by hand: {by_hand}")

    def _check_started(self) -> None:
        output = self._process.stdout
        assert output is not None
        answered = bool(select.select([output], [], [], _START_TIMEOUT_S)[0])
        said = output.readline() if answered else b""
        if said == _READY:
            return
        self._process.kill()
        self._process.wait()
        output.close()
        os.close(self._write_end)
        self._closed = True
        if said == _BUSY:
            raise ChaosConfigError(
                f"project {self._project}: another run plays it; one run at a time must use it"
            )
        raise ChaosError(f"the guardian of project {self._project} did not start")


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _last_lines(process: subprocess.Popen[bytes]) -> list[str]:
    """The lines that the guardian says until its end; it is killed when that takes too long."""
    try:
        said, _ = process.communicate(timeout=_REPAIR_TIMEOUT_S + 20.0)
    except subprocess.TimeoutExpired:
        process.kill()
        said, _ = process.communicate()
    return said.decode(errors="replace").splitlines()


def restore(
    client: Any, touched: Collection[Before], timeout: float = _REPAIR_TIMEOUT_S
) -> list[str]:
    """Bring the containers back, look after look; the commands of what is left to do by hand.

    A container that was removed meanwhile needs nothing.  `timeout` is in seconds.
    """
    quiet = 0
    left: list[Repair] = []

    def is_quiet() -> bool:
        nonlocal quiet, left
        looked = [_look(client, each) for each in touched]
        left = [repair for found, _ in looked for repair in found]
        quiet = quiet + 1 if not left and not any(ending for _, ending in looked) else 0
        for repair in left:
            with contextlib.suppress(*REFUSALS):  # the next look tells
                repair.do(client)
        return quiet >= _QUIET_LOOKS

    holds_within(is_quiet, timeout, poll=_PAUSE_S)
    return [repair.by_hand for repair in left]


def _look(client: Any, was: Before) -> tuple[list[Repair], bool]:
    """The repairs of a container, and whether it may be about to end."""
    try:
        now = client.api.inspect_container(was.id)
    except NotFound:
        return [], False
    except REFUSALS:
        return [Repair(f"docker inspect {was.name}", lambda _: None)], False
    return repairs.needed(was, now), repairs.is_ending(was, now)


def _claimed(project: str) -> IO[str] | None:
    """The open lock of the project on this engine; None while another run has it."""
    where = hashlib.sha256(os.environ.get("DOCKER_HOST", "").encode()).hexdigest()[:8]
    path = Path(tempfile.gettempdir()) / f"diya-project-{os.getuid()}-{where}-{project}.lock"
    file = path.open("a")  # never cuts off what another user may have put in this place
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def main(project: str) -> int:
    """Wait for the end of the pipe on standard input, then repair.  0: all is as before."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    lock = _claimed(project)
    if lock is None:
        os.write(1, _BUSY)
        return 1
    with lock:
        client = engine.connect()
        os.write(1, _READY)
        touched: dict[str, Before] = {}
        for line in sys.stdin.buffer:
            with contextlib.suppress(msgspec.DecodeError):  # half a line of a dead harness
                container = msgspec.json.decode(line, type=Before)
                touched[container.id] = container
        left = restore(client, touched.values())
        with contextlib.suppress(OSError):  # nobody listens to it any more
            os.write(1, "".join(f"{each}\n" for each in left).encode())
        return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
