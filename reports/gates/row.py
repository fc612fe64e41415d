"""The row of a gate in the table of gates."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How the verdict counts a gate."""

    FACT = "fact"
    """Its failure is proven even in an unsound run."""
    VALIDITY = "validity"
    """It asks whether the run was sound."""
    LIMIT = "limit"
    """Its failure counts only in a sound run."""


FACT, VALIDITY, LIMIT = Kind.FACT, Kind.VALIDITY, Kind.LIMIT


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate."""

    name: str
    """`<group>.<question>`; the name of each of its findings."""
    title: str
    meaning: str
    """One or two sentences: the condition to pass; for a violation its definition."""
    kind: Kind = LIMIT
    short: str = ""
    """A short title; for a violation the word after its count."""
    visible_from_outside: bool = True
    """Whether every target's API shows the evidence; if not, unknown does not count."""
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
