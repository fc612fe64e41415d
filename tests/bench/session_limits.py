"""The limits of our session service, and the verdict on each."""

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
        word, why = "ok", ""
        if not self.kept:
            word, why = "MISSED", f"missed by {100 * (self.value / self.limit - 1):.0f} %"
        return f"{word:<8}{self.what:<58}{shown:>30}  {why}".rstrip()


def judge(limits: list[Limit]) -> bool:
    """Print a line for each; whether all are kept."""
    print()
    for each in limits:
        print(each)
    kept = sum(each.kept for each in limits)
    print(f"\n{kept} of {len(limits)} limits kept, {len(limits) - kept} missed")
    return kept == len(limits)
