"""A fault was never healed, so that customers waited on."""

from __future__ import annotations

from reports.diagnosis.scene import Cause, Scene


def unhealed(scene: Scene) -> Cause | None:
    """A fault of the run took hold, and its target did not come back."""
    _, until = scene.waits.span
    for fault in scene.history.faults:
        lost = fault.took_hold and fault.recovered_at is None and fault.declared is None
        if lost and scene.explained_by([(fault.start, max(fault.end, until))]):
            why = f": {fault.error}" if fault.error else ""
            return Cause("unhealed", f"{fault.target} never came back from {fault.id}{why}")
    return None
