"""Loopback ports that stay reserved while the process that listens on them is down.

Two runs may go on side by side, and neither may take a port that the other one has, or will need
again after a fault.  So a run locks the byte of the port's number in a file that all runs of this
user share.  The kernel releases the lock however the process ends, its children do not inherit it,
and the file's content means nothing.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import socket
import tempfile
import threading
from pathlib import Path

from chaos.errors import ChaosConfigError, ChaosError

LOOPBACK = "127.0.0.1"

_LOWEST = 15_000
_EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_EPHEMERAL_LOW_ELSEWHERE = 49_152  # IANA's dynamic ports, used by macOS and the BSDs

_lock = threading.Lock()
_ours: set[int] = set()
"""The ports that this process has locked: a lock does not keep its own process out."""
_file: int | None = None


def free_port() -> int:
    """A free loopback port below the kernel's ephemeral range; reserved until this process ends.

    An outgoing connection takes its own port from the ephemeral range: a replica's port inside it
    could be gone when the replica comes back from a fault.

    Raises ChaosError when no port is free.
    """
    candidates = range(_LOWEST, max(_ephemeral_low(), _LOWEST + 2_000))
    # The system's own randomness: two runs with one seed at the same moment must not collide.
    first = secrets.randbelow(len(candidates))
    with _lock:
        for step in range(len(candidates)):
            port = candidates[(first + step) % len(candidates)]
            # Locked before it is probed, so that no other run can get it in between.
            if port not in _ours and _take(port):
                if _can_bind(port, reuse=False):
                    return port
                _give_back(port)
    raise ChaosError(f"no free port on {LOOPBACK} from {candidates[0]} to {candidates[-1]}")


def ensure_free(port: int) -> None:
    """Reserve it.  Raises ChaosConfigError, naming it, when it cannot be listened on now."""
    if not 1 <= port <= 65_535:
        raise ChaosConfigError(f"a port must be from 1 to 65535, got {port}")
    with _lock:
        # With SO_REUSEADDR, as servers bind: connections of an earlier run in TIME_WAIT do not
        # count.
        if not (port in _ours or _take(port)) or not _can_bind(port, reuse=True):
            raise ChaosConfigError(
                f"port {port} on {LOOPBACK} is in use or not allowed; it must be free"
            )


def _take(port: int) -> bool:
    """Lock the port; returns whether no other run has it.  Raises ChaosError."""
    global _file
    path = Path(tempfile.gettempdir()) / f"diya-ports-{os.getuid()}"
    try:
        if _file is None:
            # Opened once and never closed: closing a file gives up all locks in it.
            _file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        # One file and not one for each port: a process may have only so many open.
        fcntl.lockf(_file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError as error:
        if _file is not None and error.errno in (errno.EACCES, errno.EAGAIN):
            return False
        raise ChaosError(
            f"{path}: must be a file of this user that can be locked: {error.strerror}"
        ) from None
    _ours.add(port)
    return True


def _give_back(port: int) -> None:
    _ours.discard(port)
    if _file is not None:
        fcntl.lockf(_file, fcntl.LOCK_UN, 1, port)


def _ephemeral_low() -> int:
    try:
        return int(_EPHEMERAL_RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return _EPHEMERAL_LOW_ELSEWHERE


def _can_bind(port: int, *, reuse: bool) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if reuse:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
