"""Ryuk, if available: it removes the leftovers of a killed process of testcontainers.

Otherwise the container guardian and the next run's sweep do its work.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Any

from docker.errors import ImageNotFound
from testcontainers.core.config import testcontainers_config

from chaos.containers.docker_errors import REFUSALS

_DECIDED = "TESTCONTAINERS_RYUK_DISABLED"
"""If the user has set it to any value, that choice is kept."""


def fetch(client: Any, say: Callable[[str], None]) -> None:
    """Pull its image if it is missing; call this only when a registry is known to be in reach.

    A failed pull is no error.
    """
    if _DECIDED in os.environ or testcontainers_config.ryuk_disabled or _is_here(client):
        return
    say(f"pulling {testcontainers_config.ryuk_image}")
    with contextlib.suppress(*REFUSALS):
        client.images.pull(testcontainers_config.ryuk_image)


def choose(client: Any) -> None:
    """From now on this process has Ryuk if its image is here, and does without otherwise."""
    if _DECIDED not in os.environ and not _is_here(client):
        testcontainers_config.ryuk_disabled = True


def _is_here(client: Any) -> bool:
    try:
        client.images.get(testcontainers_config.ryuk_image)
    except ImageNotFound:
        return False
    return True
