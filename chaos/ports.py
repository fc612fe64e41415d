"""Loopback ports that stay ours while the process that listens on them is down."""

from __future__ import annotations

import secrets
import socket
import threading
from pathlib import Path

from chaos.errors import ChaosConfigError, ChaosError

LOOPBACK = "127.0.0.1"

_LOWEST = 15_000
_EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_EPHEMERAL_LOW_ELSEWHERE = 49_152  # IANA's dynamic ports, what macOS and the BSDs use

_lock = threading.Lock()
_handed_out: set[int] = set()


def free_port() -> int:
    """A free loopback port below the kernel's ephemeral range, never the same twice in a process.

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
            if port not in _handed_out and _can_bind(port, reuse=False):
                _handed_out.add(port)
                return port
    raise ChaosError(f"no free port on {LOOPBACK} from {candidates[0]} to {candidates[-1]}")


def ensure_free(port: int) -> None:
    """Raise ChaosConfigError, naming the port, when nobody could listen on it now."""
    if not 1 <= port <= 65_535:
        raise ChaosConfigError(f"port {port} does not exist: expected 1 to 65535")
    # With SO_REUSEADDR, as servers bind: connections of an earlier run in TIME_WAIT do not count.
    if not _can_bind(port, reuse=True):
        raise ChaosConfigError(
            f"port {port} on {LOOPBACK} is in use or not allowed: expected a free port"
        )


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
