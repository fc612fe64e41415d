"""The model's share of the customers' waits."""

from __future__ import annotations

from reports.diagnosis.event_loop import late_loops
from reports.diagnosis.scene import HALF, Cause, Scene
from reports.measures.percentiles import median


def model(scene: Scene) -> Cause | None:
    """The cause if the model took at least half of a typical wait, and a late loop did not."""
    sources = scene.sources("service")
    calls = sum(scene.risen(source, "model_calls") for source in sources)
    spent = sum(scene.risen(source, "model_s") for source in sources)
    if not calls:
        return None
    each = spent / calls
    a_turn = each * _calls_a_turn(scene, sources)
    if a_turn < HALF * scene.typical_s:
        return None
    # A call is timed on the replica's event loop: a late loop wakes late and makes it look long.
    late = list(late_loops(scene).values())
    if late and median(late) >= HALF * each:
        return None
    return Cause(
        "model", f"the model took {a_turn:.1f} s of a turn ({each:.1f} s a call, {calls:.0f} calls)"
    )


def _calls_a_turn(scene: Scene, sources: list[str]) -> float:
    """Model calls per turn over the whole run; a tool's result needs another call."""
    last = [scene.history.samples_by_source[source][-1].values for source in sources]
    calls = sum(values.get("model_calls", 0.0) for values in last)
    turns = sum(values.get("ok", 0.0) for values in last)
    return calls / turns if turns else 1.0
