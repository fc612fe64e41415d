"""The table of gates: one row for each question by which a run is judged.

All code that depends on a gate reads its row: its check, its kind, its title and meaning, and
whether every target must show its evidence.  A new check needs its file in `reports/checks/`, its
row in a file of this folder, and a test.
"""

from __future__ import annotations

from reports.gates.continuity import COUNTED, VIOLATION_ROWS
from reports.gates.model import MODEL
from reports.gates.row import LIMIT, VALIDITY, Gate, Kind
from reports.gates.service import SERVICE
from reports.gates.validity import SOUNDNESS

__all__ = ["GATES", "GROUPS", "VIOLATIONS", "Gate", "Kind", "gate", "names_of"]

_GATES = (*VIOLATION_ROWS, *COUNTED, *SERVICE, *MODEL, *SOUNDNESS)

GATES = {row.name: row for row in _GATES}
"""Every gate a run can have by its name, but for `<check>.check`: a check that crashed."""
VIOLATIONS = {row.question: row for row in VIOLATION_ROWS}
"""The gate of each class of broken continuity, by the class."""
GROUPS = tuple(dict.fromkeys(row.group for row in _GATES))
"""The groups of gates, in the order of the design."""


def gate(name: str) -> Gate:
    """The row of a gate.  The row of `<check>.check` is made of those that the check finds."""
    return GATES.get(name) or _crashed(name)


def names_of(*groups: str) -> tuple[str, ...]:
    """The names of the gates of some groups."""
    return tuple(name for name, row in GATES.items() if row.group in groups)


def _crashed(name: str) -> Gate:
    """The row of a crashed check, which counts like its gates."""
    check = name.partition(".")[0]
    rows = [row for row in _GATES if row.found_by == check]
    kinds = {row.kind for row in rows}
    # If a check of validity crashed, the run is not known to be sound.
    several = VALIDITY if VALIDITY in kinds else LIMIT
    return Gate(
        name,
        f"The {check} check itself",
        "The check crashed.",
        kind=kinds.pop() if len(kinds) == 1 else several,
        visible_from_outside=not rows or any(row.visible_from_outside for row in rows),
    )
