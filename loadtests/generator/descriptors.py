"""The limit on this process's open connections."""

from __future__ import annotations

import logging
import resource

SPARE = 200
"""Descriptors reserved for everything but connections to the target."""

log = logging.getLogger("diya.load")


def connections(wanted: int) -> int:
    """The number of possible connections, at most `wanted`; raises the limit as far as it can.

    Locust itself raises it only to 10,000.  A warning is logged once if the limit is too low.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + SPARE
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        except (OSError, ValueError):  # the real limit of macOS is below the one that it reports
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
