"""The rules that end the pairs: exactly this many, or as many as the precision needs."""

from __future__ import annotations

from collections.abc import Sequence

from harness.versus import figures, stopping
from harness.versus.flow import Decision, Finished, Rule


def exactly(pairs: int) -> Rule:
    """This many pairs; nothing is looked at before."""

    def rule(finished: Sequence[Finished]) -> Decision:
        return Decision(f"{pairs} pairs were played" if len(finished) >= pairs else "")

    return rule


def as_needed(precision: float) -> Rule:
    """As many pairs as the precision needs, by `stopping`."""

    def rule(finished: Sequence[Finished]) -> Decision:
        found = stopping.look(figures.primaries(finished), precision)
        return Decision() if found is None else Decision(over=found[1], look=found[0])

    return rule
