"""A bound was reached: turns in flight, connections to Redis, memory."""

from __future__ import annotations

from collections.abc import Iterable

from reports.diagnosis.scene import HALF, Cause, Scene

_NEARLY = 0.95
_SCARCE = 0.03
_IN_FLIGHT = "turns are running here"
_CONNECTIONS = "max number of clients"
_MEMORY = ("OOM command not allowed", "used memory >")


def in_flight(scene: Scene) -> Cause | None:
    """Replicas refused turns because too many were running."""
    told = _saying(scene, (_IN_FLIGHT,))
    counted = sum(scene.risen(source, "overloaded") for source in scene.sources("service"))
    if max(told, counted) < HALF * len(scene.waits.waits):
        return None
    most = max(
        (
            sample.values.get("in_flight", 0.0)
            for source in scene.sources("service")
            for sample in scene.samples(source)
        ),
        default=0.0,
    )
    refused = f"replicas refused {max(told, counted):.0f} requests"
    ran = f", where {most:.0f} turns ran at once" if most else ""
    return Cause("in_flight", f"{refused} at their bound of turns in flight{ran}")


def connections(scene: Scene) -> Cause | None:
    """Redis was at its limit of client connections."""
    rejected = scene.risen("redis", "rejected_connections")
    told = _saying(scene, (_CONNECTIONS,))
    for sample in scene.samples("redis"):
        values = sample.values
        most, open_ = values.get("maxclients", 0.0), values.get("connected_clients", 0.0)
        if most and open_ >= _NEARLY * most and (rejected or told):
            return _no_connection(rejected, f", {open_:.0f} of {most:.0f} were open")
    return _no_connection(rejected, "") if rejected or told >= HALF * len(scene.turns) > 0 else None


def _no_connection(rejected: float, open_: str) -> Cause:
    count = f"{rejected:.0f} connections" if rejected else "connections"
    return Cause("connections", f"Redis rejected {count} at its limit of clients{open_}")


def memory(scene: Scene) -> Cause | None:
    """Redis, or the machine, had no memory left."""
    for sample in scene.samples("redis"):
        most, used = sample.values.get("maxmemory", 0.0), sample.values.get("used_memory", 0.0)
        if most and used >= _NEARLY * most:
            mib = 1 << 20
            use = f"{used / mib:.1f} of its {most / mib:.1f} MiB (maxmemory)"
            return Cause("redis_memory", f"Redis was out of memory: it used {use}")
    if _saying(scene, _MEMORY) >= HALF * len(scene.turns) > 0:
        return Cause("redis_memory", "Redis was out of memory: it refused to write")
    whole = scene.history.run.environment.memory_bytes
    free = [s.values["available"] for s in scene.samples("host") if "available" in s.values]
    if isinstance(whole, int) and free and min(free) < _SCARCE * whole:
        left = min(free) / whole
        return Cause("machine_memory", f"this machine had {left:.1%} of its memory left")
    return None


def _saying(scene: Scene, words: Iterable[str]) -> int:
    return sum(any(word in error for word in words) for error in scene.told)
