"""The model's quota refused the calls of the turns that waited."""

from __future__ import annotations

from reports.diagnosis.scene import HALF, Cause, Scene


def quota(scene: Scene) -> Cause | None:
    """Half of the waiting turns had a call that a quota of the model refused."""
    calls = scene.history.calls
    if not calls.refusals or not scene.turns:
        return None
    # The last text that a call showed is the message of its turn.
    refused = {shown[-1] for number in calls.refusals if (shown := calls.shown(number))}
    hit = sum(calls.digests.get(turn.message) in refused for turn in scene.turns)
    if hit < HALF * len(scene.turns):
        return None
    return Cause("quota", f"the model's quota refused calls of {hit} of {len(scene.turns)} turns")
