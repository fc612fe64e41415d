"""A server's append-only file on disk, as Redis has it since 7.0: a folder of parts.

The base parts are flushed to disk before they count.  The parts `*.incr.aof` grow write by write,
and a power loss cuts their ends.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_GROWING = "appendonlydir/*.incr.aof"


def sizes(directory: Path) -> dict[str, int]:
    """The growing parts in a server's folder and their sizes in bytes."""
    found = {}
    for path in directory.glob(_GROWING):
        try:
            found[path.name] = path.stat().st_size
        except FileNotFoundError:
            continue  # a rewrite has just removed it
    return found


def cut(directory: Path, back_to: Mapping[str, int]) -> int:
    """Cut the growing parts back to these sizes, an unnamed one to nothing.  The bytes gone."""
    gone = 0
    for path in directory.glob(_GROWING):
        size, keep = path.stat().st_size, back_to.get(path.name, 0)
        if size > keep:
            os.truncate(path, keep)
            gone += size - keep
    return gone
