"""How many connections this process may have open at once."""

from __future__ import annotations

import logging
import resource

SPARE = 200
"""Descriptors for everything that is no connection to the target."""

log = logging.getLogger("diya.load")


def connections(wanted: int) -> int:
    """How many of `wanted` connections there is room for; the limit is raised as far as it goes.

    Locust itself raises it to 10,000 only.  Who may do no more is told so once.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + SPARE
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        except (OSError, ValueError):  # macOS has a limit below the one that it names
            soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    room = max(1, soft - SPARE)
    log.warning(
        "%d open files are allowed: at most %d requests at once, not %d (ulimit -n)",
        soft,
        room,
        wanted,
    )
    return room
