"""Who started a container: enough to know, later, whether that process is still alive."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import psutil

RUN_LABEL = "diya.run"
OWNER_LABEL = "diya.owner"

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_PID_SPACE = Path("/proc/self/ns/pid")
_SLACK_S = 1.0


def token() -> str:
    """This process: machine, boot, space of pids, pid, and when it began."""
    began = psutil.Process().create_time()
    return f"{platform.node()} {_boot()} {_space()} {os.getpid()} {began:.2f}"


def is_dead(owner: str) -> bool:
    """Whether that process has ended for certain.

    False for another machine's, whose processes cannot be seen from here.
    """
    parts = owner.split(" ")
    if len(parts) != 5 or parts[0] != platform.node():
        return False
    _, boot, space, pid, began = parts
    if boot != _boot():
        return True
    if space != _space():
        return False
    try:
        process = psutil.Process(int(pid))
        gone = process.status() == psutil.STATUS_ZOMBIE
        return gone or abs(process.create_time() - float(began)) > _SLACK_S
    except (psutil.NoSuchProcess, ValueError):
        return True
    except psutil.Error:
        return False


def _boot() -> str:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return f"{psutil.boot_time():.0f}"


def _space() -> str:
    try:
        return os.readlink(_PID_SPACE)
    except OSError:
        return "-"
