"""How much other processes used the machine beside the runs of both sides, and what follows.

The level of a comparison is kept when chance disturbs the runs of both sides alike.  The t test of
the pairs stays within its level although some runs vary more than others (Ibragimov and Müller,
"t-Statistic Based Correlation and Heterogeneity Robust Inference", 2010), but only if the side that
is disturbed in a pair is a matter of chance.  What other processes do is not: they start and end
with work of their own, which may last as long as a run.  So two rules hold for the figures that
depend on the machine:

- **Stricter**: if others used more than `LIMIT_PERCENT` of the processors beside a run, these
  figures have a tenth of their part of the family-wide level (`STRICTER`).  This multiplies their
  p values, which keeps Holm's procedure valid, as in any weighted test of Bonferroni's kind
  (Genovese, Roeder and Wasserman, "False discovery control with p-value weighting", 2006).
- **Uneven**: if others used, on average, more than `LIMIT_PERCENT` points more beside the runs of
  one side, these figures are undecided, whatever they say: the change cannot be told from the
  disturbance.  In the recorded pairs a point costs 0.12 % of the p99, 0.06 % of the p50 and 0.04 %
  of the CPU a turn at one speed, so that a difference below the limit stays within their margins
  (docs/proof.md).

The limit is that of the validity gate: from it on others may have made a run slow.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from reports.comparison.metrics import Metric, Result
from reports.comparison.model import Difference
from reports.measures.foreign_cpu import LIMIT_PERCENT

STRICTER = 10.0
"""The factor by which the level of a figure of the machine is smaller beside others' work."""


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What other processes used beside the runs that are compared."""

    a: tuple[float, ...] = ()
    b: tuple[float, ...] = ()
    """Of each run the most over 5 s of its load, percent of all processors; runs of which it is
    not known are left out."""

    @property
    def most(self) -> float:
        """Beside any run, percent of all processors; 0 where nothing is known."""
        return max((*self.a, *self.b), default=0.0)

    @property
    def is_one(self) -> bool:
        """Whether it may have changed a figure."""
        return self.most > LIMIT_PERCENT

    @property
    def more_in(self) -> Literal["A", "B"] | None:
        """The side beside which others used more than the limit more, on average; None: neither."""
        if not self.a or not self.b or abs(self._apart) <= LIMIT_PERCENT:
            return None
        return "B" if self._apart > 0 else "A"

    @property
    def _apart(self) -> float:
        return fmean(self.b) - fmean(self.a)

    def stricter(self, metric: Metric) -> float:
        """The factor on the p value of this figure; its level is smaller by the same factor."""
        return STRICTER if self.is_one and metric.needs_one_machine else 1.0

    @property
    def why_undecided(self) -> str:
        """Why figures of the machine are undecided whatever they say; empty: they need not be."""
        more = self.more_in
        if more is None:
            return ""
        less = "A" if more == "B" else "B"
        means = {"A": fmean(self.a), "B": fmean(self.b)}
        return (
            f"Other processes disturbed the runs of {more} more: they used "
            f"{means[more]:.0f} % of the processors there and {means[less]:.0f} % beside {less}, "
            f"on average, and a change cannot be told from that."
        )

    @property
    def why_stricter(self) -> str:
        """Why a figure is undecided that would be decided on a free machine."""
        return (
            f"Other processes used up to {self.most:.0f} % of the processors during the runs, "
            f"so that stronger evidence is needed."
        )

    def differences(self) -> Iterable[Difference]:
        """The row among the differences; none where nobody disturbed a run."""
        if self.is_one:
            yield Difference(
                key="generator.foreign_cpu_percent",
                title="Processors used by other processes, the most in 5 s",
                a=_range(self.a),
                b=_range(self.b),
                why=self.why_undecided or self.why_stricter,
            )


def disturbance(a: Sequence[Result], b: Sequence[Result]) -> Disturbance:
    """What others used beside these runs of each side."""
    return Disturbance(_known(a), _known(b))


def _known(results: Sequence[Result]) -> tuple[float, ...]:
    values = [(result.get("generator") or {}).get("foreign_cpu_percent") for result in results]
    return tuple(float(each) for each in values if isinstance(each, int | float))


def _range(values: Sequence[float]) -> str:
    if not values:
        return "not known"
    low, high = (f"{each:.0f}" for each in (min(values), max(values)))
    return f"{low} %" if low == high else f"{low} to {high} %"
