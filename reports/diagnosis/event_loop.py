"""A replica's event loop was late: one turn's computation delayed all the others there."""

from __future__ import annotations

from reports.diagnosis.scene import HALF, Cause, Scene, name_of, some

_LATE_S = 0.25


def late_loops(scene: Scene) -> dict[str, float]:
    """The largest lag, seconds, of each replica whose loop was late for much of the waits."""
    late: dict[str, float] = {}
    for source in scene.sources("service"):
        lags = (sample.values.get("loop_lag_s", 0.0) for sample in scene.samples(source))
        worst = max(lags, default=0.0)
        if worst >= max(_LATE_S, scene.typical_s / 10):
            late[name_of(source)] = worst
    return late


def event_loop(scene: Scene) -> Cause | None:
    """The cause if most of the waits were at replicas whose loop was late."""
    late = late_loops(scene)
    theirs = sum(turn.replica in late for turn in scene.turns)
    if not late or theirs < HALF * len(scene.turns):
        return None
    return Cause(
        "event_loop",
        f"the event loop of {some(sorted(late))} was up to {max(late.values()):.2f} s late: "
        "one turn's computing held up the others",
    )
