"""Two fits through the probes, as a sanity check and a curve only: no answer rests on them.

The universal scalability law (Gunther 1993) gives the throughput at concurrency N as
X = λN / (1 + σ(N − 1) + κN(N − 1)), with the peak at N = √((1 − σ) / κ).  It follows from the
turns in flight, which Little's law gives as rate × mean latency.  The queueing fit is the residence
time R = S / (1 − rate / μ) of a single queue with processor sharing.  Both are fitted by least
squares in a form that is linear in the parameters.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from reports.capacity.findings import CapacityFindings, ProbeKind


@dataclass(frozen=True, slots=True)
class Scalability:
    """The universal scalability law."""

    alone: float
    """λ: turns a second at concurrency one."""
    contention: float
    """σ: the share that is serial."""
    crosstalk: float
    """κ: the cost of keeping each two in step."""

    def rate(self, in_flight: float) -> float:
        """Turns a second with this many in flight."""
        more = in_flight - 1
        waits = 1 + self.contention * more + self.crosstalk * in_flight * more
        return self.alone * in_flight / waits

    @property
    def peak(self) -> float | None:
        """The highest rate, turns a second; None: the curve has no peak."""
        if self.crosstalk <= 0 or self.contention >= 1:
            return None
        return self.rate(math.sqrt((1 - self.contention) / self.crosstalk))


@dataclass(frozen=True, slots=True)
class Queue:
    """A single queue: `seconds` of service alone, at most `most` turns a second."""

    seconds: float
    most: float

    def latency(self, rate: float) -> float | None:
        """The mean latency at a rate, seconds; None: at or beyond the most."""
        return self.seconds / (1 - rate / self.most) if rate < self.most else None


def points(findings: CapacityFindings) -> list[tuple[float, float]]:
    """(turns a second answered in time, mean latency in seconds) of the probes, by rate."""
    return sorted(
        (probe.goodput, probe.mean_s)
        for probe in findings.probes
        if probe.kind in (ProbeKind.DEMAND, ProbeKind.SEARCH, ProbeKind.STEP)
        and probe.goodput
        and probe.mean_s
    )


def fit_usl(measured: Sequence[tuple[float, float]]) -> Scalability | None:
    """The law through (rate, mean latency); None: fewer than four points, or no such law fits.

    N / X = (1 + σ(N − 1) + κN(N − 1)) / λ is linear in 1/λ, σ/λ and κ/λ.
    """
    rows = []
    for rate, seconds in measured:
        flight = rate * seconds
        rows.append(((1.0, flight - 1, flight * (flight - 1)), flight / rate))
    if len(rows) < 4:
        return None
    found = _least_squares(rows)
    if found is None or found[0] <= 0:
        return None
    return Scalability(1 / found[0], found[1] / found[0], found[2] / found[0])


def fit_queue(measured: Sequence[tuple[float, float]]) -> Queue | None:
    """The queue through (rate, mean latency): 1 / R falls along a line to 0 at μ.

    None: fewer than three points, or latency does not grow with the rate.
    """
    if len(measured) < 3 or len({rate for rate, _ in measured}) < 2:
        return None
    line = statistics.linear_regression(
        [rate for rate, _ in measured], [1 / seconds for _, seconds in measured]
    )
    if line.intercept <= 0 or line.slope >= 0:
        return None
    return Queue(1 / line.intercept, -line.intercept / line.slope)


def _least_squares(
    rows: Sequence[tuple[tuple[float, float, float], float]],
) -> tuple[float, float, float] | None:
    """The three coefficients, from the normal equations by elimination; None: no one solution."""
    size = 3
    table = [
        [math.fsum(x[i] * x[j] for x, _ in rows) for j in range(size)]
        + [math.fsum(x[i] * y for x, y in rows)]
        for i in range(size)
    ]
    for place in range(size):
        pivot = max(range(place, size), key=lambda row: abs(table[row][place]))
        table[place], table[pivot] = table[pivot], table[place]
        if abs(table[place][place]) < 1e-12:
            return None
        for row in range(size):
            if row != place:
                factor = table[row][place] / table[place][place]
                table[row] = [a - factor * b for a, b in zip(table[row], table[place], strict=True)]
    first, second, third = (table[place][size] / table[place][place] for place in range(size))
    return first, second, third
