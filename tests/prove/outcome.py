"""The outcome of a proof, and the table that compares proofs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.prove.judge import KINDS, SERVERS_LOSS, Violation, tally


@dataclass
class Outcome:
    """One row of the table."""

    name: str
    faults: int = 0
    turns: int = 0
    attempts: int = 0
    violations: list[Violation] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Measured facts, one sentence each."""
    shown_only: bool = False
    """Somebody else's service, shown beside ours: its violations do not fail the proof."""

    @property
    def holds(self) -> bool:
        """Whether nothing was violated by the service."""
        return all(each.kind == SERVERS_LOSS for each in self.violations)


_EXAMPLES = 5
_WIDTH = 200


def table(outcomes: Sequence[Outcome]) -> str:
    """The report: a table, then the notes and a few examples of each row's violations."""
    head = ["proof", "faults", "turns", "attempts", *KINDS]
    rows = [head]
    for outcome in outcomes:
        counts: Counter[str] = tally(outcome.violations)
        numbers = [outcome.faults, outcome.turns, outcome.attempts, *(counts[k] for k in KINDS)]
        rows.append([outcome.name, *map(str, numbers)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    for outcome in outcomes:
        lines += [f"{outcome.name}: {note}" for note in outcome.notes]
        lines += [
            f"{outcome.name}: {violation.kind}: {violation.evidence[:_WIDTH]}"
            for violation in outcome.violations[:_EXAMPLES]
        ]
    return "\n".join(lines)


def spread(seconds: Sequence[float]) -> str:
    """Median and maximum, for a note."""
    row = sorted(seconds)
    return f"median {row[len(row) // 2]:.2f} s, at most {row[-1]:.2f} s" if row else "none"
