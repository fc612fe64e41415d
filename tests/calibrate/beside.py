"""An environment beside ours, for a package that cannot live in it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
_HERE = ROOT / ".venv" / "beside"
"""In our own environment's folder: it is nobody's, and goes with it."""
SERVICE = (
    "fastapi",
    "google-adk",
    "hiredis",
    "httptools",
    "prometheus_client",
    "uvicorn",
    "uvloop",
)
"""The packages that a replica imports, in our versions; the package under test chooses redis-py."""
_INSTALL_S = 600


class NotToBeHadError(Exception):
    """The environment cannot be made; the message is a reason for a person."""


def python(package: str, *more: str) -> Path:
    """The Python of an environment with this package, `name==version`, and our replicas' needs.

    `more`: packages that it needs and does not ask for.
    Made at the first call, and again when those needs have changed.  Raises NotToBeHadError,
    without the network for example.
    """
    home = _HERE / re.sub(r"[^\w.-]", "-", package)
    there = home / "bin" / "python"
    ours = [f"{name}=={version(name)}" for name in SERVICE]
    complete = home / "complete"
    if complete.exists() and complete.read_text().split() == ours:
        return there
    try:
        _run(sys.executable, "-m", "venv", "--clear", str(home))
        _run(str(there), "-m", "pip", "install", "--quiet", package, *more, *ours)
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        shutil.rmtree(home, ignore_errors=True)
        raise NotToBeHadError(f"{package} cannot be installed: {_why(error)}") from None
    complete.write_text("\n".join(ours))
    return there


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=_INSTALL_S)


def _why(error: subprocess.TimeoutExpired | subprocess.CalledProcessError) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        return f"it took longer than {_INSTALL_S} s"
    return next((line for line in error.stderr.splitlines() if "ERROR" in line), "no word")
