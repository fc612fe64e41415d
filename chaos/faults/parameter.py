"""A parameter of a fault: a field of its class that says its unit and its meaning.

    stall: float = parameter(0.3, "how long the server is busy each time", "s")

A class that only has another default than its base writes `stall: float = 1.0`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

_TOLD = "told"


@dataclass(frozen=True, slots=True)
class Told:
    """The description of a parameter."""

    meaning: str
    unit: str | None
    """Its unit or range; None: a text without one."""


def parameter(default: Any, meaning: str, unit: str | None = None) -> Any:
    """The field of a parameter."""
    return field(default=default, metadata={_TOLD: Told(meaning, unit)})


def told_of(kind: type, name: str) -> Told:
    """A parameter's description in a class, or in the nearest of its bases.

    Raises LookupError when none describes it.
    """
    for base in kind.__mro__:
        declared = vars(base).get("__dataclass_fields__", {}).get(name)
        if declared is not None and _TOLD in declared.metadata:
            told: Told = declared.metadata[_TOLD]
            return told
    raise LookupError(
        f"{kind.__name__}.{name} must be declared with parameter(default, meaning, unit)"
    )
