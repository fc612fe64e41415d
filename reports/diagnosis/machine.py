"""The machine was full, because of the run's own processes or of others, or of either."""

from __future__ import annotations

from reports.checks.saturation import parts, rates, saturation
from reports.diagnosis.scene import Cause, Scene
from reports.measures.cpu import full as full_spans
from reports.measures.cpu import machine_as_a_whole, mean_percent, within
from reports.measures.foreign_cpu import BUSY_PERCENT, stretches


def dearer(scene: Scene) -> Cause | None:
    """The machine was full because a turn cost more CPU than before."""
    found = scene.history.once(saturation)
    if found is None or found.cost is None or not found.cost.dearer:
        return None
    if scene.finding not in found.excused:
        return None
    cost, then, before = found.cost, found.cost.then * 1000, found.cost.before * 1000
    told = f"a turn cost {then:.0f} ms of {cost.whose}, {cost.reference} {before:.0f} ms"
    return Cause("dearer", f"the service itself became dearer: {told}")


def full(scene: Scene) -> Cause | None:
    """The run's own processes used all of it."""
    for part in scene.history.once(parts):
        if part.name == "this machine" and scene.explained_by(part.spans):
            busy = mean_percent(within(part.readings, part.spans))
            carried, asked = rates(scene.history, part.spans)
            return Cause(
                "machine",
                f"this machine was full: {busy:.0f} % busy with the run's own processes at "
                f"{carried:.0f} turns/s, {asked:.0f} were asked",
            )
    return None


def of_unknown_use(scene: Scene) -> Cause | None:
    """It was busy, and nobody can tell by whom: a target hides part of the run's own CPU."""
    readings = scene.history.once(machine_as_a_whole)
    spans = full_spans(readings, BUSY_PERCENT)
    if not scene.explained_by(spans):
        return None
    busy = mean_percent(within(readings, spans))
    return Cause(
        "machine",
        f"the machine that diya runs on was {busy:.0f} % busy, and part of the run's own CPU "
        "cannot be measured here, so other processes may have used it: run it again while nothing "
        "else runs",
    )


def others(scene: Scene) -> Cause | None:
    """Other processes used a large share of a busy machine."""
    known = scene.history.once(stretches)
    found = [stretch for stretch in known if stretch.disturbs and scene.beside(stretch.at)]
    if not found:
        return None
    worst = max(found, key=lambda stretch: stretch.foreign)
    return Cause(
        "other_processes",
        f"other processes used {worst.foreign:.0f} % of a machine that was {worst.busy:.0f} % busy",
    )
