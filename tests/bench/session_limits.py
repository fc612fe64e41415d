"""What is demanded of our session service, and whether it holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """One measured value and the most that it may be."""

    what: str
    value: float
    limit: float
    unit: str = "×"
    digits: int = 2

    @property
    def kept(self) -> bool:
        """Whether it holds, to the digits that are shown."""
        return round(self.value, self.digits) <= self.limit

    def __str__(self) -> str:
        """One line: ok, or by how much it is missed."""
        shown = f"{self.value:.{self.digits}f}{self.unit} (limit {self.limit:g}{self.unit})"
        missed = f"missed by {100 * (self.value / self.limit - 1):.0f} %"
        return f"{'ok' if self.kept else 'MISSED':<8}{self.what:<58}{shown:>30}" + (
            "" if self.kept else f"  {missed}"
        )


def judge(limits: list[Limit]) -> bool:
    """Print a line for each; whether all are kept."""
    print()
    for each in limits:
        print(each)
    missed = sum(not each.kept for each in limits)
    print(f"\n{len(limits) - missed} of {len(limits)} limits kept")
    return not missed
