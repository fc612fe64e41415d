"""Declared faults in the reports: nothing verified them, so the reports say who declared them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reports.render import formatting, view
from reports.render.view import Result

_MARKED = "marked"


def took_hold(fault: dict[str, Any], no: str) -> str:
    """The cell of a fault's row: `yes`, `no` as given, or who declared it."""
    if (by := fault.get("declared")) is None:
        return "yes" if fault.get("took_hold") else no
    return f"declared by {'a mark' if by == _MARKED else formatting.clean(by)}, not verified"


def down(fault: dict[str, Any]) -> str:
    """The cell with a fault's length: a target that never came back is down until the end."""
    lost = fault.get("recovered_at") is None and fault.get("declared") is None
    if lost and fault.get("took_hold"):
        return "not back"
    return formatting.seconds(view.number(fault, "downtime_s"))


def note(result: Result) -> str:
    """The declared faults in which no turn was disturbed, in a sentence; empty without any."""
    names = _without_effect(result)
    if not names:
        return ""
    return (
        f"No turn was disturbed by {', '.join(names)}: a declared fault that did not happen looks "
        "the same as one that reached no customer."
    )


def screen(result: Result) -> Sequence[tuple[str, str]]:
    """One line for the terminal; none without declared faults."""
    declared = _declared(result)
    if not declared:
        return ()
    text = f"{formatting.plural(len(declared), 'fault')} declared, not verified"
    if names := _without_effect(result):
        text += f"; no turn was disturbed by {', '.join(names)}"
    return (("Marked", text),)


def _declared(result: Result) -> list[dict[str, Any]]:
    return [fault for fault in view.faults_of(result) if fault.get("declared") is not None]


def _without_effect(result: Result) -> list[str]:
    return [
        formatting.clean(fault.get("id"))
        for fault in _declared(result)
        if view.number(fault, "disturbed_turns") == 0
    ]
