"""Leftovers in Redis after the last TTL of the run: keys, and bytes.

The limits are scaled to the run.  A healthy service leaves a few keys of its own, and bytes that
grow with the logarithm of the load, not with its turns.
"""

from __future__ import annotations

from reports.checks import unknown_ttl
from reports.measures.redis_memory import Memory
from reports.records import Finding, Status
from reports.records.history import History

MIB = 1024 * 1024
LAG_S = 2.0
"""Seconds that Redis may take to reclaim expired keys."""
_FEW_KEYS = 4
_TURNS_PER_KEY = 500
"""A few keys may stay as the service's index or counter; one key per this many turns is a leak."""
_FLOOR_BYTES = 72 * 1024
"""Bytes of a single server for its slow log, more connections at the peak, and the allocator."""
_SETUP_SHARE = 0.25
"""The same, as a share of what the first connections and scripts took: heavier clients take more at
the peak too.  Measured in 470 runs: at most 51 KiB where those took less than 110 KiB, and 76 KiB
where they took 340."""
_FLOOR_OF_A_SET_BYTES = 160 * 1024
"""Bytes of each server of a Sentinel set or a cluster."""
_BYTES_PER_TURN = 24
"""Grown hash tables, bytes per turn.  Measured: 18 for each of 3,351 turns; a key takes more."""
_SERVERS_CHANGE = 4
"""Factor on the floor if another server may hold the data at the end."""
_UNMEASURED_FLOOR_BYTES = 2 * MIB
"""Used if the first connections' part is unknown."""
_OTHERS_SHARE = 0.1
_EMPTY_BYTES = MIB
"""Bytes of an empty server, and the factor by which other data on the server, which belongs to
others, may grow."""


def check_leftovers(history: History, memory: Memory) -> list[Finding]:
    """Gate the keys and bytes left over."""
    return [_keys(history, memory), _bytes(history, memory)]


def _keys(history: History, memory: Memory) -> Finding:
    name, before, after = "memory.keys", memory.baseline_keys, memory.final_keys
    missing = _missing(history, before, after)
    if missing is not None or before is None or after is None:
        summary = f"How many keys are left after the TTL is not known: {missing}"
        return Finding(name, "run", Status.UNKNOWN, None, None, "keys", summary)
    left = max(0.0, after - before)
    limit = _most_keys(history)
    summary = f"{left:.0f} keys were left after a TTL of {history.run.ttl_seconds:g} s"
    summary += f" that were not there before the load, limit {limit}"
    return _judged(name, left, limit, left <= limit, "keys", summary, memory)


def _bytes(history: History, memory: Memory) -> Finding:
    name, before, after = "memory.baseline", memory.baseline_bytes, memory.final_bytes
    missing = _missing(history, before, after)
    if missing is not None or before is None or after is None:
        summary = f"Whether memory came back is not known: {missing}"
        return Finding(name, "run", Status.UNKNOWN, None, None, "bytes", summary)
    limit = _limit(history, memory, before)
    summary = f"Redis ended at {after / MIB:.2f} MiB after a TTL of {history.run.ttl_seconds:g} s, "
    summary += f"began at {before / MIB:.2f} MiB, limit {limit / MIB:.2f} MiB"
    return _judged(name, after, limit, after <= limit, "bytes", summary, memory)


def _limit(history: History, memory: Memory, before: float) -> float:
    besides = max(0.0, before - _EMPTY_BYTES * memory.servers) if memory.baseline_keys else 0.0
    others = _OTHERS_SHARE * besides
    if memory.setup_bytes is None:
        return before + others + _UNMEASURED_FLOOR_BYTES
    if history.run.topology.one_server:
        floor = _FLOOR_BYTES + _SETUP_SHARE * (memory.setup_bytes - before)
    else:
        floor = _FLOOR_OF_A_SET_BYTES * memory.servers * _SERVERS_CHANGE
    kept = (memory.final_keys or 0.0) - (memory.baseline_keys or 0.0)
    floor += _bytes_of_kept_keys(history, memory, memory.setup_bytes, kept)
    return memory.setup_bytes + others + floor + _BYTES_PER_TURN * len(history.turns)


def most_bytes_of_turns(history: History, memory: Memory, kept: float) -> float:
    """By how many bytes the keys that turns write may grow, if they leave so many new ones."""
    setup = memory.setup_bytes or memory.baseline_bytes or 0.0
    floor = _FLOOR_BYTES + _BYTES_PER_TURN * len(history.turns)
    return floor + _bytes_of_kept_keys(history, memory, setup, kept)


def _bytes_of_kept_keys(history: History, memory: Memory, setup: float, kept: float) -> float:
    """The bytes of the keys that may be left, at their mean size at the peak."""
    before, peak, after = memory.baseline_keys, memory.peak_keys, memory.final_keys
    if before is None or peak is None or after is None or peak <= before:
        return 0.0
    each = max(0.0, (memory.peak_bytes or 0.0) - setup) / (peak - before)
    return each * min(max(0.0, kept), _most_keys(history))


def _most_keys(history: History) -> int:
    return _FEW_KEYS + len(history.turns) // _TURNS_PER_KEY


def _missing(history: History, before: float | None, after: float | None) -> str | None:
    """The missing evidence; None: none is missing."""
    if before is None:
        return "no sample of Redis before the load"
    if after is None:
        return "no sample of Redis after the TTL had drained"
    return None if history.run.ttl_known else unknown_ttl.reason(history.run)


def _judged(
    name: str, value: float, limit: float, passed: bool, unit: str, summary: str, memory: Memory
) -> Finding:
    status = Status.PASS if passed else Status.FAIL
    if not passed and (memory.drained_until or 0.0) < LAG_S:
        status = Status.UNKNOWN
        summary += f"; Redis was not sampled for the {LAG_S:g} s that it may take to expire them"
    return Finding(name, "run", status, value, limit, unit, summary)
