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
    out_of_reach: str = ""
    """Why no service could keep it on this machine; it is then shown, and not judged."""

    @property
    def kept(self) -> bool:
        """Whether it holds, to the digits that are shown."""
        return round(self.value, self.digits) <= self.limit

    @property
    def missed(self) -> bool:
        """Whether it does not hold, and could."""
        return not self.kept and not self.out_of_reach

    def __str__(self) -> str:
        """One line: ok, or by how much it is missed, or why it is not judged."""
        shown = f"{self.value:.{self.digits}f}{self.unit} (limit {self.limit:g}{self.unit})"
        if self.kept:
            word, why = "ok", ""
        elif self.missed:
            word, why = "MISSED", f"missed by {100 * (self.value / self.limit - 1):.0f} %"
        else:
            word, why = "not", self.out_of_reach
        return f"{word:<8}{self.what:<58}{shown:>30}  {why}".rstrip()


def judge(limits: list[Limit]) -> bool:
    """Print a line for each; whether none is missed."""
    print()
    for each in limits:
        print(each)
    kept, missed = sum(each.kept for each in limits), sum(each.missed for each in limits)
    print(f"\n{kept} of {len(limits)} limits kept, {missed} missed")
    return not missed
