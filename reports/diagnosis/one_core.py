"""A part used all of the one core that it can use: Redis, Envoy, the generator, a replica."""

from __future__ import annotations

from reports.checks.saturation import parts
from reports.diagnosis.scene import HALF, Cause, Scene, name_of, some
from reports.measures.cpu import full, mean_percent, of_one_core, within

_NAMES = {"Redis": "redis_core", "Envoy": "envoy_core", "the load generator": "generator_core"}


def shared(scene: Scene) -> Cause | None:
    """Redis, Envoy or a process of the generator."""
    for part in scene.history.once(parts):
        if part.name in _NAMES and scene.explained_by(part.spans):
            busy = mean_percent(within(part.readings, part.spans))
            slow = _slowest_command(scene) if part.name == "Redis" else ""
            return Cause(_NAMES[part.name], f"{part.name} used {busy:.0f} % of its one core{slow}")
    return None


def _slowest_command(scene: Scene) -> str:
    slow = [
        (sample.values["ms"], name_of(source))
        for source in scene.sources("slowlog")
        for sample in scene.samples(source)
        if "ms" in sample.values
    ]
    if not slow:
        return ""
    ms, command = max(slow)
    return f"; of {len(slow)} slow commands the slowest was {command}, {ms:.0f} ms"


def replica(scene: Scene) -> Cause | None:
    """One or some replicas, whose Python process can use one core."""
    busy: dict[str, float] = {}
    for source in scene.sources("replica"):
        readings = of_one_core(scene.history, source)
        spans = full(readings)
        if any(start < end_ and begin < end for start, end in spans for begin, end_ in scene.spans):
            busy[name_of(source)] = mean_percent(within(readings, spans))
    theirs = sum(turn.replica in busy for turn in scene.turns)
    if not busy or theirs < HALF * len(scene.turns):
        return None
    percent = sum(busy.values()) / len(busy)
    return Cause(
        "replica_core",
        f"{some(sorted(busy))} used {percent:.0f} % of a core; {theirs} of {len(scene.turns)} "
        f"turns that waited were asked there",
    )
