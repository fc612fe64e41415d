"""The process that started a container, so that a later run can tell whether it is alive."""

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
LONGEST_RUN_S = 6 * 3600.0
"""Objects of an invisible owner that are older than this count as left behind."""


def token() -> str:
    """This process: machine, boot, space of pids, pid, and when it began."""
    began = psutil.Process().create_time()
    return f"{platform.node()} {_boot()} {_space()} {os.getpid()} {began:.2f}"


def is_dead(owner: str, age_s: float) -> bool:
    """Whether that process has ended, judging by an object that it made `age_s` seconds ago.

    Processes of another machine, or of another container on this one, cannot be seen from here:
    they are given the time of the longest run.
    """
    parts = owner.split(" ")
    if len(parts) != 5:
        return False
    machine, boot, space, pid, began = parts
    if machine != platform.node():
        return age_s > LONGEST_RUN_S
    if boot != _boot():
        return True
    if space != _space():
        return age_s > LONGEST_RUN_S
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
