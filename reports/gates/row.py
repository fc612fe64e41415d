"""A gate is a row: all that anybody has to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How the verdict counts a gate."""

    FACT = "fact"
    """Its failure is proven however the run went."""
    VALIDITY = "validity"
    """It asks whether the run was sound."""
    LIMIT = "limit"
    """Its failure counts where the run was sound."""


FACT, VALIDITY, LIMIT = Kind.FACT, Kind.VALIDITY, Kind.LIMIT


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate."""

    name: str
    """`<group>.<question>`; the name of every finding of it."""
    title: str
    meaning: str
    """One or two sentences: what it means to pass; of a violation, what the violation is."""
    kind: Kind = LIMIT
    short: str = ""
    """The title where there is little room; for a violation the word that follows its count."""
    visible_from_outside: bool = True
    """Whether every target's API shows what it takes; where it does not, unknown does not count."""
    check: str = ""
    """NAME, where `check_NAME` of `reports/checks/NAME.py` finds it; empty: NAME is the group."""

    @property
    def group(self) -> str:
        """The first part of the name, for example `continuity`."""
        return self.name.partition(".")[0]

    @property
    def question(self) -> str:
        """The rest of the name; of a violation its class, for example `lost`."""
        return self.name.partition(".")[2]

    @property
    def found_by(self) -> str:
        """The name of its check."""
        return self.check or self.group
