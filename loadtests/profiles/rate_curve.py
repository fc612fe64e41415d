"""The curve of the arrival rate: its pieces, its integral and the integral's inverse.

Everything here is a pure function of time, in real seconds after the start of the load and in
conversations per second.  The integral of the rate is the expected number of arrivals; its inverse
turns a Poisson process of rate one into one that follows the curve (see `arrivals`).
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Linear:
    """The rate changes linearly from `first` to `last` over `seconds`."""

    seconds: float
    first: float
    last: float

    def rate(self, x: float) -> float:
        """The rate `x` seconds into the piece."""
        return self.first + (self.last - self.first) * x / self.seconds

    def count(self, x: float) -> float:
        """Expected arrivals in the first `x` seconds of the piece."""
        return (self.first + self.rate(x)) / 2 * x

    def when(self, count: float) -> float:
        """The inverse of `count`."""
        slope = (self.last - self.first) / self.seconds
        # The usual root of the quadratic divides by the slope; this form also works for slope 0.
        root = math.sqrt(max(0.0, self.first**2 + 2 * slope * count))
        return 2 * count / (self.first + root) if self.first + root > 0 else 0.0

    def scaled(self, factor: float) -> Linear:
        """The same piece at `factor` times the rate."""
        return replace(self, first=self.first * factor, last=self.last * factor)

    def split(self, x: float) -> tuple[Linear, Linear]:
        """The piece before and after `x` seconds."""
        middle = self.rate(x)
        return Linear(x, self.first, middle), Linear(self.seconds - x, middle, self.last)


@dataclass(frozen=True, slots=True)
class Power:
    """The rate falls as a power of the time since the peak: peak · (t / t0)^-exponent.

    `offset` is t at the beginning of the piece; the exponent must not be 1.
    """

    seconds: float
    peak: float
    t0: float
    exponent: float
    offset: float

    def rate(self, x: float) -> float:
        """The rate `x` seconds into the piece."""
        return self.peak * math.pow((self.offset + x) / self.t0, -self.exponent)

    def _integral(self, t: float) -> float:
        power = 1 - self.exponent
        return self.peak * math.pow(self.t0, self.exponent) * math.pow(t, power) / power

    def count(self, x: float) -> float:
        """Expected arrivals in the first `x` seconds of the piece."""
        return self._integral(self.offset + x) - self._integral(self.offset)

    def when(self, count: float) -> float:
        """The inverse of `count`."""
        power = 1 - self.exponent
        target = self._integral(self.offset) + count
        base = target * power / (self.peak * math.pow(self.t0, self.exponent))
        return math.pow(base, 1 / power) - self.offset

    def scaled(self, factor: float) -> Power:
        """The same piece at `factor` times the rate."""
        return replace(self, peak=self.peak * factor)

    def split(self, x: float) -> tuple[Power, Power]:
        """The piece before and after `x` seconds."""
        rest = replace(self, seconds=self.seconds - x, offset=self.offset + x)
        return replace(self, seconds=x), rest


Piece = Linear | Power


class Curve:
    """The whole curve: pieces laid end to end from time zero."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        """Lay `pieces` end to end.  Raises ValueError when there is none."""
        if not pieces:
            raise ValueError("a curve needs at least one piece")
        self.pieces = tuple(pieces)
        self._starts = [0.0, *itertools.accumulate(piece.seconds for piece in pieces)]
        self._counts = [0.0, *itertools.accumulate(p.count(p.seconds) for p in pieces)]

    @property
    def seconds(self) -> float:
        """The end of the curve."""
        return self._starts[-1]

    @property
    def total(self) -> float:
        """Expected arrivals over the whole curve."""
        return self._counts[-1]

    @property
    def highest(self) -> float:
        """The highest rate; it is at an end of a piece, since every piece is monotone."""
        return max(max(piece.rate(0.0), piece.rate(piece.seconds)) for piece in self.pieces)

    def rate(self, t: float) -> float:
        """The rate at `t`; zero outside the curve."""
        if not 0 <= t < self.seconds:
            return 0.0
        index = bisect.bisect_right(self._starts, t) - 1
        return self.pieces[index].rate(t - self._starts[index])

    def count(self, t: float) -> float:
        """Expected arrivals from zero to `t`."""
        t = min(max(t, 0.0), self.seconds)
        index = min(bisect.bisect_right(self._starts, t) - 1, len(self.pieces) - 1)
        return self._counts[index] + self.pieces[index].count(t - self._starts[index])

    def when(self, count: float) -> float:
        """The time by which `count` arrivals are expected (0 <= count < total)."""
        index = min(bisect.bisect_right(self._counts, count) - 1, len(self.pieces) - 1)
        within = self.pieces[index].when(count - self._counts[index])
        return self._starts[index] + min(max(within, 0.0), self.pieces[index].seconds)

    def multiplied(self, start: float, seconds: float, factor: float) -> Curve:
        """The curve with the rate multiplied by `factor` from `start` for `seconds`."""
        end = start + seconds
        pieces: list[Piece] = []
        for begin, piece in zip(self._starts, self.pieces, strict=False):
            inside = (max(start - begin, 0.0), min(end - begin, piece.seconds))
            if inside[0] >= piece.seconds or inside[1] <= 0:
                pieces.append(piece)
                continue
            rest: Piece = piece
            if inside[0] > 0:
                before, rest = rest.split(inside[0])
                pieces.append(before)
            if inside[1] < piece.seconds:
                spike, rest = rest.split(inside[1] - inside[0])
                pieces += [spike.scaled(factor), rest]
            else:
                pieces.append(rest.scaled(factor))
        return Curve(pieces)

    def held_back(self, start: float, seconds: float, share: float, back: float) -> Curve:
        """The curve with `share` of the arrivals from `start` for `seconds` moved to later.

        They are spread over the `back` seconds after that, in proportion to the rate there; if the
        rate there is 0, the curve is unchanged.
        """
        end = start + seconds
        held = share * (self.count(end) - self.count(start))
        others = self.count(end + back) - self.count(end)
        if others <= 0:
            return self
        fewer = self.multiplied(start, seconds, 1 - share)
        return fewer.multiplied(end, back, 1 + held / others)


def decay(seconds: float, peak: float, t0: float, exponent: float, floor: float) -> list[Piece]:
    """max(floor, peak · ((t0 + x) / t0)^-exponent) for `seconds`, as at most two pieces."""
    if floor >= peak:
        return [Linear(seconds, floor, floor)]
    falling = Power(seconds, peak, t0, exponent, offset=t0)
    touches = math.inf
    # Compare logarithms first, because a slow decay reaches its floor beyond a float's range.
    if floor > 0 and math.log(peak / floor) / exponent < math.log1p(seconds / t0) + 1:
        touches = t0 * ((peak / floor) ** (1 / exponent) - 1)
    if touches >= seconds:
        return [falling]
    return [replace(falling, seconds=touches), Linear(seconds - touches, floor, floor)]
